"""The rules, command by command: each reads the state and answers a decision, or refuses."""
