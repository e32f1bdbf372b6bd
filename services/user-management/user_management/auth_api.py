"""Registration and login."""

from fastapi import APIRouter, Response

from assistants_common.problems import ProblemError
from assistants_common.resources import EventsDep, ResourcesDep, SessionDep
from assistants_common.tokens import Role
from user_management import accounts
from user_management.dependencies import PasswordsDep, ThrottleDep
from user_management.models import User
from user_management.schemas import Login, LoginResult, Registration, UserView
from user_management.throttle import account_fingerprint

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/register", status_code=201, summary="Make an account")
async def register(
    body: Registration, response: Response, session: SessionDep, passwords: PasswordsDep, events: EventsDep
) -> UserView:
    password_hash = await passwords.hash(body.password.get_secret_value())
    user = await accounts.add_user(session, body.email, password_hash)
    await events.notify("user.registered", {"role": user.role}, user.id)
    response.headers["Location"] = f"/users/{user.id}"
    return UserView.model_validate(user)


@router.post("/login", summary="Get a token for an e-mail address and its password")
async def login(
    body: Login,
    response: Response,
    session: SessionDep,
    passwords: PasswordsDep,
    throttle: ThrottleDep,
    resources: ResourcesDep,
) -> LoginResult:
    await throttle.admit(body.email)
    user = await _authenticate(body, session, passwords)
    if user is None:
        data = {"account": account_fingerprint(body.email), "reason": "bad_credentials"}
        await resources.events.notify("user.login_failed", data)
        raise ProblemError(
            401, "The e-mail address or the password is wrong.", headers={"WWW-Authenticate": "Bearer"}
        )
    await throttle.forget(body.email)
    await resources.events.notify("user.login", {"role": user.role}, user.id)
    token = resources.tokens.issue(user.id, Role(user.role))
    response.headers["Cache-Control"] = "no-store"
    return LoginResult(access_token=token.value, expires_in=token.expires_in, user_id=user.id)


async def _authenticate(body: Login, session: SessionDep, passwords: PasswordsDep) -> User | None:
    """The account when the password is right. The connection is given back while the password is checked."""
    user = await accounts.find_by_email(session, body.email)
    await session.commit()
    password = body.password.get_secret_value()
    stored = user.password_hash if user else None
    if not await passwords.verify(stored, password) or user is None:
        return None
    new_hash = await passwords.hash(password) if passwords.is_outdated(user.password_hash) else None
    await accounts.record_login(session, user, new_hash)
    return user
