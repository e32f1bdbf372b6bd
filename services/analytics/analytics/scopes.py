"""Limits the figures that a caller may see."""

from uuid import UUID

from assistants_common.problems import ProblemError
from assistants_common.tokens import Principal, Role


def permitted_user(caller: Principal, wanted: UUID | None) -> UUID | None:
    """The user whose figures to count; None for all users, which the role user may not see."""
    if caller.role is not Role.USER:
        return wanted
    if wanted not in {None, caller.user_id}:
        raise ProblemError(403, "Your role allows your own figures only.")
    return caller.user_id
