"""The pages and scripts of the browser side, as package data."""
