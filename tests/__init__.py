"""What the service claims, tested with real parts: loopback sockets, real records, the real event loop."""
