"""The documents without I/O: messages in, messages out, and no clock or Git library."""
