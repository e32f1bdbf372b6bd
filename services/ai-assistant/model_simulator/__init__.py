"""Replaces the providers of language models in dev while no key is configured."""
