"""Versions: who wrote what, and the commits of the branch `versions` that tell it."""
