"""``openmodels watch``: what is recorded, as it is recorded."""
