"""`gollabedit sync`: keeps a file in sync with a document; see docs/sync.md."""
