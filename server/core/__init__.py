"""The documents without I/O: no socket, clock, thread or Git library."""
