"""The open documents and the tasks that look after them."""
