"""What the API answers with: one type for each shape on the wire.

The field docstrings become the API reference. Times are ISO 8601 in UTC with milliseconds.
"""
