"""What a program beside the hall's devices needs: ways to them, the feed, a page on how all is."""
