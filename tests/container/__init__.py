"""The Dockerfile and the compose file, read and run without Docker: ``python -m tests.container``."""
