"""Call boxes: keypads and hubs of boxes at windows, and an agent that carries their presses to the hall."""
