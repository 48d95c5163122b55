"""One suite for all journals."""
