"""Work that nobody waits for: rollups, retention, evaluations, alerts."""
