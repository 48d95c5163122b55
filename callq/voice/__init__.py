"""Calls as sound: what is said, and how it becomes a WAV."""
