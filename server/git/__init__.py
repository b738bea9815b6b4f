"""Git's formats and processes. Knows no message and no rule of a document."""
