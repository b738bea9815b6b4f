"""Mirrors of documents on other Git servers; see docs/mirror.md."""
