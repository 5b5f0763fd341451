"""What other catalogues say, as observations: one module for each source."""
