"""The aiohttp server: the only place that knows requests and responses."""
