"""`gollabedit sync`: a file on disk that stays live with a document; docs/sync.md."""
