"""Byte formats of LED cards and walls: bytes in, bytes out, no I/O.

Written from descriptions of the formats and held against published byte sequences; nothing here was tried
on a physical card.
"""
