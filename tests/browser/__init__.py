"""Tests that drive the system's Chromium against a real server."""
