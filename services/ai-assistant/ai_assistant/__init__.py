"""Chat and code generation for 1C:Enterprise with language models."""

NAME = "ai-assistant"
