"""Ratings in the shape that a province's platform wants: a mapping file, and rows made by it."""
