"""Pure projections of a hall's state, for screens, panels, floor and phones."""
