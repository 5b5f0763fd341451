"""From what a provider calls a model to the model's canonical id: declared rules, and no silent guess."""

from openmodels.domain.naming.resolver import Candidate, Resolution, Resolver

__all__ = ["Candidate", "Resolution", "Resolver"]
