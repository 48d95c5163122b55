"""The journal on Redis: the only package that imports redis-py."""
