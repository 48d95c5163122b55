"""Formats of call boxes: bytes in, bytes out, no I/O."""
