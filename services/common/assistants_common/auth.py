"""Authentication and authorization of callers: dependencies for endpoints."""

import logging
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from assistants_common.problems import ProblemError
from assistants_common.resources import ResourcesDep
from assistants_common.revocation import is_revoked
from assistants_common.tokens import InvalidTokenError, Principal, Role

logger = logging.getLogger(__name__)

_INVALID = 'Bearer error="invalid_token"'
_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The token POST /auth/login returns.")


def _unauthorized(detail: str, challenge: str) -> ProblemError:
    return ProblemError(401, detail, headers={"WWW-Authenticate": challenge})


async def current_principal(
    resources: ResourcesDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """The caller named by the bearer token; 401 without a valid token."""
    if credentials is None:
        raise _unauthorized("A bearer token is required.", "Bearer")
    try:
        principal = await resources.tokens.verify(credentials.credentials)
    except InvalidTokenError as error:
        logger.info("token refused", extra={"reason": str(error)})
        raise _unauthorized("The token is not valid.", _INVALID) from error
    if await is_revoked(resources.redis, principal):
        logger.info("token refused", extra={"reason": "revoked"})
        raise _unauthorized("The token has been revoked.", _INVALID)
    return principal


CurrentUser = Annotated[Principal, Depends(current_principal)]


def require_role(*roles: Role) -> Callable[[Principal], Principal]:
    """A dependency that answers 403 unless the caller has one of `roles`."""

    def check(principal: CurrentUser) -> Principal:
        if principal.role not in roles:
            raise ProblemError(403, "Your role does not allow this.")
        return principal

    return check


AdminUser = Annotated[Principal, Depends(require_role(Role.ADMIN))]
AnalystUser = Annotated[Principal, Depends(require_role(Role.ANALYST, Role.ADMIN))]
