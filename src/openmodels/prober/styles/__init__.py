"""The API styles that probes speak: one file each, found by listing this folder."""
