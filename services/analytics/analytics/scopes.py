"""Whose figures a caller may have."""

from uuid import UUID

from assistants_common.problems import ProblemError
from assistants_common.tokens import Principal, Role


def permitted_user(caller: Principal, wanted: UUID | None) -> UUID | None:
    """Whose figures to count; None: everybody's, which users do not get."""
    if caller.role is not Role.USER:
        return wanted
    if wanted not in {None, caller.user_id}:
        raise ProblemError(403, "Your role allows your own figures only.")
    return caller.user_id
