"""The data folder: the journal, and what goes from it into the repositories."""
