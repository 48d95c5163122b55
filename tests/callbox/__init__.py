"""Call boxes: formats, keys, and the agent from a press at a box to what the box is told of it."""
