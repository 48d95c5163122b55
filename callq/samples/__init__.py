"""Sample halls, to try callq with and to copy from."""
