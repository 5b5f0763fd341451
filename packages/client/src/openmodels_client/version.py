"""Which version this is."""

__version__ = "0.1.0"
"""Every request names it; the package's metadata has it from here."""
