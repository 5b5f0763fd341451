"""Probing by a queue in PostgreSQL: any number of workers in each region, and each turn is taken once."""
