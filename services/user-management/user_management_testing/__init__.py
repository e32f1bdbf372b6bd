"""Test support: types of fixtures, and a small OpenID Connect provider."""

from collections.abc import Awaitable, Callable
from typing import Any

type Register = Callable[[], Awaitable[dict[str, str]]]
type LogIn = Callable[[], Awaitable[dict[str, Any]]]
type AskForLink = Callable[[dict[str, Any]], Awaitable[str]]
