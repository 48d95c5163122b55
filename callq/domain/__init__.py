"""The hall as pure rules: what may happen, and what happens then.

No clock, no randomness, no I/O: `decide` reads the state and answers events, `apply` is the only
way state changes. Everything else in callq stores, shows or triggers what is decided here.
"""
