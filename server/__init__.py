"""The GollabEdit server: a sans-I/O core in an asyncio shell."""
