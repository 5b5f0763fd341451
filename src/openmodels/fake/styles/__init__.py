"""The API styles that a fake provider serves: one file each, gathered in ``table``."""
