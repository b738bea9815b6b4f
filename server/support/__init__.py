"""Utilities that know nothing of GollabEdit: threads, files, terminal, metrics, memory."""
