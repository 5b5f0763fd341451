"""Asks providers: whether their API answers, and how fast it streams."""
