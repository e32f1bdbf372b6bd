"""Changes passwords, and resets forgotten ones."""

from typing import NoReturn

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from assistants_common.auth import CurrentUser
from assistants_common.problems import ProblemError
from assistants_common.resources import SessionDep
from user_management import accounts, audit, links, pages
from user_management.dependencies import PASSWORD_TURN, PartsDep
from user_management.links import Purpose
from user_management.policy import require_good_password
from user_management.schemas import Address, PasswordChange, PasswordReset

router = APIRouter(prefix="/auth/password", tags=["auth"])


@router.post(
    "/change",
    status_code=204,
    summary="Change one's password; one's other sessions end",
    dependencies=[PASSWORD_TURN],
)
async def change(body: PasswordChange, caller: CurrentUser, session: SessionDep, parts: PartsDep) -> None:
    """Guessing the old password locks the account as guessing at the login does."""
    user = await accounts.get_user(session, caller.user_id)
    email, stored = user.email, user.password_hash
    await session.commit()
    if stored is None:
        raise ProblemError(409, "The account has no password: it is used through the identity provider.")
    new = body.new_password.get_secret_value()
    require_good_password(new, email, "new_password")
    async with parts.throttle.attempt(email):
        if not await parts.passwords.verify(stored, body.old_password.get_secret_value()):
            await _refuse(email, session, parts)
        await parts.throttle.passed(email)
    new_hash = await parts.passwords.hash(new)
    current = await accounts.lock(session, caller.user_id)
    if current is None or current.password_hash != stored:
        raise ProblemError(409, "The password was changed by another request.")
    current.password_hash = new_hash
    await audit.record(session, "user.password_changed", current.id, by="self")
    await parts.sessions.end_all(session, current.id, keep=caller.session_id)
    await session.commit()


async def _refuse(email: str, session: SessionDep, parts: PartsDep) -> NoReturn:
    locked_seconds = await parts.throttle.failed(email)
    await audit.login_failed(session, email, "bad_old_password", locked_seconds)
    await session.commit()
    raise ProblemError(403, "The old password is wrong.")


@router.post("/forgot", status_code=202, summary="Get a mail with a link to choose a new password")
async def forgot(body: Address, parts: PartsDep) -> dict[str, str]:
    """The answer is the same whether or not the address has an account."""
    parts.account_mails.require_configured()
    await parts.account_mails.request(body.email, Purpose.RESET_PASSWORD)
    return {"detail": "If the address has an account, a mail with a link is on its way."}


@router.get("/reset", response_class=HTMLResponse, summary="The page for a new password")
async def reset_form() -> Response:
    return pages.reset_form()


@router.get("/reset.js", include_in_schema=False)
async def reset_script() -> Response:
    return pages.script(pages.RESET_SCRIPT)


@router.post(
    "/reset",
    status_code=204,
    summary="Choose a new password by the token of the link",
    dependencies=[PASSWORD_TURN],
)
async def reset(body: PasswordReset, session: SessionDep, parts: PartsDep) -> None:
    """All sessions of the account end, and a lock after failed logins is lifted."""
    user = await links.redeem(session, body.token, Purpose.RESET_PASSWORD)
    password = body.password.get_secret_value()
    require_good_password(password, user.email)
    user.password_hash = await parts.passwords.hash(password)
    await accounts.mark_verified(session, user)
    await audit.record(session, "user.password_changed", user.id, by="reset")
    await parts.throttle.passed(user.email)
    await parts.sessions.end_all(session, user.id)
    await session.commit()
