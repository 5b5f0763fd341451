"""The plain ASGI layer in front of the framework: limits, caching, headers."""
