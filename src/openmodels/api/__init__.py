"""The public JSON API: routes, parameters, answers."""
