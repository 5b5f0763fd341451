"""What is kept: the published registry and its telemetry, behind ports."""
