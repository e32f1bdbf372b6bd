"""What the endpoints of this service ask for, besides the shared dependencies."""

from typing import Annotated, cast

from fastapi import Depends, Request

from assistants_common.resources import ResourcesDep
from user_management.passwords import Passwords
from user_management.settings import Settings
from user_management.throttle import LoginThrottle


def _passwords(request: Request) -> Passwords:
    return cast(Passwords, request.app.state.passwords)


def _throttle(resources: ResourcesDep) -> LoginThrottle:
    settings = cast(Settings, resources.settings)
    return LoginThrottle(resources.redis, settings.login_failures_per_minute)


PasswordsDep = Annotated[Passwords, Depends(_passwords)]
ThrottleDep = Annotated[LoginThrottle, Depends(_throttle)]
