"""Login with an OpenID Connect provider."""

import logging
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Cookie, Depends, Query
from starlette.responses import RedirectResponse, Response

from assistants_common.problems import ProblemError
from assistants_common.resources import SessionDep
from user_management import identities
from user_management.dependencies import PartsDep
from user_management.oidc import STATE_SECONDS, Oidc, OidcError
from user_management.schemas import LoginResult, SignInMethods

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/auth/oidc", tags=["auth"])
# Pages ask this before they show a button. Requests to /auth are few, and for logins.
methods_router = APIRouter(tags=["auth"])

_COOKIE = "__Host-oidc"
_SITE_PATH = r"^/([A-Za-z0-9._~!$&'()*+,;=:@%?-][A-Za-z0-9._~!$&'()*+,;=:@%?/-]*)?$"
_TEXT = r"^[\x20-\x7e]+$"

_Next = Annotated[
    str | None,
    Query(
        max_length=500,
        pattern=_SITE_PATH,
        description="A path of this site to return to, with `#refresh_token=...` for its script.",
    ),
]
_State = Annotated[str, Query(min_length=1, max_length=100, pattern=_TEXT)]
_Code = Annotated[str | None, Query(min_length=1, max_length=4096, pattern=_TEXT)]
_Error = Annotated[str | None, Query(min_length=1, max_length=100, pattern=_TEXT)]
_Issuer = Annotated[str | None, Query(min_length=1, max_length=255, pattern=_TEXT)]
_SEE_OTHER: dict[int | str, dict[str, Any]] = {303: {"description": "On to the next page", "content": {}}}


def _provider(parts: PartsDep) -> Oidc:
    if parts.oidc is None:
        raise ProblemError(
            404, "Login with an identity provider is not configured: set OIDC_ISSUER and OIDC_CLIENT_ID."
        )
    return parts.oidc


_OidcDep = Annotated[Oidc, Depends(_provider)]


@methods_router.get("/sign-in/methods", summary="How people can sign in")
async def methods(parts: PartsDep) -> SignInMethods:
    return SignInMethods(identity_provider=parts.oidc is not None)


@router.get(
    "/login",
    summary="Send the browser to the identity provider",
    status_code=303,
    response_class=Response,
    responses=_SEE_OTHER,
)
async def start(oidc: _OidcDep, next_path: Annotated[_Next, Query(alias="next")] = None) -> Response:
    begun = await oidc.start(next_path)
    response = RedirectResponse(begun.location, 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        _COOKIE, begun.cookie, max_age=STATE_SECONDS, secure=True, httponly=True, samesite="lax"
    )
    return response


@router.get(
    "/callback",
    summary="Where the identity provider sends the browser back to",
    response_model=LoginResult,
    responses=_SEE_OTHER,
)
async def callback(
    oidc: _OidcDep,
    session: SessionDep,
    parts: PartsDep,
    response: Response,
    state: _State,
    code: _Code = None,
    error: _Error = None,
    iss: _Issuer = None,
    cookie: Annotated[str | None, Cookie(alias=_COOKIE, max_length=100)] = None,
) -> LoginResult | Response:
    """Tokens as from POST /auth/login, or on to the path the login was started with."""
    try:
        attempt = await oidc.claim(state, cookie)
        identity = await oidc.identify(_accepted(oidc, code, error, iss), attempt)
    except OidcError as reason:
        logger.warning("login with the identity provider refused", extra={"reason": str(reason)})
        raise ProblemError(
            403, "The login at the identity provider did not succeed: begin again."
        ) from reason
    user = await identities.account_of(session, identity, parts.sessions)
    result = await parts.sessions.open(session, user)
    await session.commit()
    if attempt.next_path is None:
        _finish(response)
        return result
    fragment = urlencode({"refresh_token": result.refresh_token})
    redirect = RedirectResponse(oidc.public_url + f"{attempt.next_path}#{fragment}", 303)
    _finish(redirect)
    return redirect


def _accepted(oidc: Oidc, code: str | None, error: str | None, issuer: str | None) -> str:
    """The code of a positive answer from the configured provider (RFC 9207)."""
    if issuer is not None and issuer != oidc.issuer:
        raise OidcError("the answer is of another issuer")
    if code is None:
        raise OidcError(f"the provider said no: {error or 'without a code'}")
    return code


def _finish(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
    response.delete_cookie(_COOKIE, secure=True, httponly=True, samesite="lax")
