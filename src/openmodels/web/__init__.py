"""The pages: complete without script, over the same snapshot and stores as the API."""
