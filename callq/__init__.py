"""callq: queue and window orchestration for government service halls."""

__version__ = "0.1.0"
