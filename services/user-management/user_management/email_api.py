"""Confirming an e-mail address."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from assistants_common.resources import SessionDep
from user_management import accounts, links, pages
from user_management.links import Purpose
from user_management.schemas import LinkToken

router = APIRouter(prefix="/auth", tags=["auth"])


@router.get("/verify-email", response_class=HTMLResponse, summary="The page where the link in the mail leads")
async def confirm_form() -> Response:
    """It changes nothing: programs open links too, to look for viruses or to show what is behind them."""
    return pages.confirm_form()


@router.get("/verify-email.js", include_in_schema=False)
async def confirm_script() -> Response:
    return pages.script(pages.VERIFY_SCRIPT)


@router.post("/verify-email", status_code=204, summary="Confirm an e-mail address by the token of the link")
async def verify_email(body: LinkToken, session: SessionDep) -> None:
    user = await links.redeem(session, body.token, Purpose.VERIFY_EMAIL)
    await accounts.mark_verified(session, user)
    await session.commit()
