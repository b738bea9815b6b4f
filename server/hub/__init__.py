"""The open documents, their tasks and their maintenance."""
