"""Halls under a virtual clock: the real domain, simulated people, and what comes of it.

A simulation has a state of its own and reaches no server, no store and no network.
"""
