"""Tidal control in numbers: the load to come, how many windows it takes, which ones move. Pure."""
