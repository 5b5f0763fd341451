"""The registry in the shapes that other programs read: one module for each format."""
