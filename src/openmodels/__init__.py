"""OpenModels: the open registry and observatory of language-model providers."""
