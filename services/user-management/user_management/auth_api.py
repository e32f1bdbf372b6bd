"""Registration, login, and the life of a session."""

from typing import NoReturn

from fastapi import APIRouter, Response

from assistants_common.auth import CurrentUser
from assistants_common.problems import ProblemError
from assistants_common.resources import ResourcesDep, SessionDep
from user_management import accounts, audit
from user_management.dependencies import PASSWORD_TURN, PartsDep
from user_management.links import Purpose
from user_management.models import User
from user_management.policy import require_good_password
from user_management.schemas import KeySet, Login, LoginResult, Refresh, Registration, UserView
from user_management.throttle import AccountLockedError

router = APIRouter(prefix="/auth", tags=["auth"])
keys_router = APIRouter(tags=["auth"])


@keys_router.get("/.well-known/jwks.json", summary="The public keys that tokens are verified with")
async def key_set(response: Response, resources: ResourcesDep) -> KeySet:
    response.headers["Cache-Control"] = "public, max-age=300"
    return KeySet.model_validate(resources.tokens.jwks())


@router.post("/register", status_code=201, summary="Make an account", dependencies=[PASSWORD_TURN])
async def register(body: Registration, response: Response, session: SessionDep, parts: PartsDep) -> UserView:
    """With mail configured, the account can be used once its address is confirmed by the link in it."""
    password = body.password.get_secret_value()
    require_good_password(password, body.email)
    password_hash = await parts.passwords.hash(password)
    user = await accounts.add_user(session, body.email, password_hash)
    await session.commit()
    if parts.account_mails.configured:
        parts.account_mails.send(user.email, Purpose.VERIFY_EMAIL)
    response.headers["Location"] = f"/users/{user.id}"
    return UserView.model_validate(user)


@router.post(
    "/login", summary="Get tokens for an e-mail address and its password", dependencies=[PASSWORD_TURN]
)
async def login(body: Login, response: Response, session: SessionDep, parts: PartsDep) -> LoginResult:
    """429 while the account is locked after repeated failures, whatever the password."""
    try:
        async with parts.throttle.attempt(body.email):
            user = await _authenticate(body, session, parts)
            if user is None:
                await _refuse(body.email, session, parts)
            await parts.throttle.passed(body.email)
    except AccountLockedError:
        await audit.login_failed(session, body.email, "locked")
        await session.commit()
        raise
    if parts.account_mails.configured and not user.email_verified:
        await _refuse_unverified(user, session, parts)
    result = await parts.sessions.open(session, user)
    await session.commit()
    response.headers["Cache-Control"] = "no-store"
    return result


@router.post("/refresh", summary="Get new tokens for a refresh token, which is used up")
async def refresh(body: Refresh, response: Response, session: SessionDep, parts: PartsDep) -> LoginResult:
    """A token that was used before ends the whole session: one of its two holders has stolen it."""
    result = await parts.sessions.refresh(session, body.refresh_token)
    response.headers["Cache-Control"] = "no-store"
    return result


@router.post("/logout", status_code=204, summary="End the session of the access token")
async def logout(caller: CurrentUser, session: SessionDep, parts: PartsDep) -> None:
    """Its access and refresh tokens are refused from now on."""
    if caller.session_id is not None:
        await parts.sessions.end(session, caller.user_id, caller.session_id)
        await session.commit()


async def _authenticate(body: Login, session: SessionDep, parts: PartsDep) -> User | None:
    """The locked account when the password is right. The check itself holds no database connection."""
    found = await accounts.find_by_email(session, body.email)
    stored = found.password_hash if found else None
    await session.commit()
    password = body.password.get_secret_value()
    if not await parts.passwords.verify(stored, password) or found is None or stored is None:
        return None
    outdated = parts.passwords.is_outdated(stored)
    new_hash = await parts.passwords.hash(password) if outdated else stored
    user = await accounts.lock(session, found.id)
    if user is None or user.password_hash != stored:
        return None  # The password was changed in the meantime, so the one that matched is outdated.
    user.password_hash = new_hash
    return user


async def _refuse(email: str, session: SessionDep, parts: PartsDep) -> NoReturn:
    locked_seconds = await parts.throttle.failed(email)
    await audit.login_failed(session, email, "bad_credentials", locked_seconds)
    await session.commit()
    raise ProblemError(
        401, "The e-mail address or the password is wrong.", headers={"WWW-Authenticate": "Bearer"}
    )


async def _refuse_unverified(user: User, session: SessionDep, parts: PartsDep) -> NoReturn:
    await audit.login_failed(session, user.email, "email_not_verified")
    await session.commit()
    await parts.account_mails.request(user.email, Purpose.VERIFY_EMAIL)
    raise ProblemError(
        403,
        "Confirm your e-mail address first: open the link in the mail we have sent you, and confirm there.",
        type_="urn:assistants:problem:email-not-verified",
    )
