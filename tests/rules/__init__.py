"""A transcript for every rule of docs/rules.md."""
