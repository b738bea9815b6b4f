"""What `gollabedit` does besides serving: documents of a running server, and a folder of data."""
