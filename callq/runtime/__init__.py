"""The running node: hall actors, their supervision, timers, and the feed hub."""
