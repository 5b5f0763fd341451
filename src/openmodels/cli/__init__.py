"""The ``openmodels`` program, one module for each group of commands."""
