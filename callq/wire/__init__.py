"""Versioned shapes of everything that crosses a socket, and their JSON and msgpack codecs."""
