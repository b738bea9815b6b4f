"""Copies of documents on other Git servers; docs/mirror.md."""
