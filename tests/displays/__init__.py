"""LED bars: formats, drawing, devices, and the gateway from a press to the bytes on the wire."""
