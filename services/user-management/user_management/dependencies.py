"""The service's own resources, and the dependencies that give them to endpoints."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from assistants_common.mail import Mailer
from assistants_common.resources import Resources
from user_management.account_mails import AccountMails
from user_management.errands import Errands
from user_management.oidc import Oidc
from user_management.passwords import Passwords
from user_management.sessions import Sessions
from user_management.settings import Settings
from user_management.throttle import LoginThrottle


@dataclass(frozen=True)
class Parts:
    """The parts of the service, created once per application."""

    passwords: Passwords
    throttle: LoginThrottle
    sessions: Sessions
    errands: Errands
    account_mails: AccountMails
    oidc: Oidc | None
    """None when no provider is configured."""

    @classmethod
    def build(cls, settings: Settings, resources: Resources) -> "Parts":
        errands = Errands()
        redis, database = resources.redis, resources.require_database()
        mailer = Mailer(settings)
        resources.live.on_change(Settings, mailer.use)
        oidc = Oidc(settings, redis) if settings.oidc_configured else None
        if oidc is not None:
            resources.live.on_change(Settings, oidc.use)
        return cls(
            passwords=Passwords(settings),
            throttle=LoginThrottle(redis, settings),
            sessions=Sessions(settings, resources.tokens, redis),
            errands=errands,
            account_mails=AccountMails(settings, database, redis, mailer, errands),
            oidc=oidc,
        )

    async def close(self) -> None:
        await self.errands.close()
        if self.oidc is not None:
            await self.oidc.close()
        self.passwords.close()


def get_parts(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)


PartsDep = Annotated[Parts, Depends(get_parts)]


async def _password_turn(parts: PartsDep) -> AsyncIterator[None]:
    async with parts.passwords.turn():
        yield


PASSWORD_TURN = Depends(_password_turn, scope="function")
"""For the `dependencies` of an endpoint that hashes or verifies a password: 503 when too many do."""
