"""Confirming an e-mail address."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from assistants_common.problems import ProblemError
from assistants_common.resources import SessionDep
from user_management import accounts, links, opaque, pages
from user_management.links import Purpose
from user_management.schemas import LinkToken

router = APIRouter(prefix="/auth", tags=["auth"])


@router.get(
    "/verify-email",
    response_class=HTMLResponse,
    summary="Confirm an e-mail address: where the link in the mail leads",
    responses={
        404: {
            "description": "The link is not good (any more)",
            "content": {"text/html": {"schema": {"type": "string"}}},
        }
    },
)
async def open_link(token: Annotated[str, Query(pattern=opaque.PATTERN)], session: SessionDep) -> Response:
    try:
        await _verify(session, token)
    except ProblemError as error:
        return pages.link_not_good(error.status_code)
    return pages.email_confirmed()


@router.post("/verify-email", status_code=204, summary="Confirm an e-mail address by the token of the link")
async def verify_email(body: LinkToken, session: SessionDep) -> None:
    await _verify(session, body.token)


async def _verify(session: SessionDep, token: str) -> None:
    user = await links.redeem(session, token, Purpose.VERIFY_EMAIL)
    await accounts.mark_verified(session, user)
    await session.commit()
