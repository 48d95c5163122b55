"""The web doors over real sockets."""
