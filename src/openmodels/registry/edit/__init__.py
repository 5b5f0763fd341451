"""Edits of the registry's files: what is not edited keeps every byte."""
