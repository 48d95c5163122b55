"""Where decided batches become durable: the port, its in-memory twin, and Redis."""
