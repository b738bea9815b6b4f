"""The command line: what `gollabedit` does."""
