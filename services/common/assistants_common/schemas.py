"""Types for the fields of requests."""

from typing import Annotated

from pydantic import StringConstraints

_NO_NUL = r"^[^\x00]*$"
_SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"

SafeText = Annotated[str, StringConstraints(strip_whitespace=True, pattern=_NO_NUL)]
"""Text without NUL characters, which PostgreSQL cannot store, and without space around it. Add a length with
`Annotated[SafeText, Field(max_length=...)]`."""

FilledText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=_SOMETHING)]
"""SafeText with something to read in it; its description says so to callers, unlike `min_length` alone."""
