"""The front doors: HTTP, the WebSocket feed, and the pages."""
