"""Stands in for the providers of language models in dev, until a key is there."""
