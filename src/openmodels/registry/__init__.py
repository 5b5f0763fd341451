"""From YAML files to a published revision."""
