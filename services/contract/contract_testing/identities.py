"""The callers: one identity per role, and a second user who must not see the first user's data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from assistants_common.settings import ServiceSettings
from assistants_common.tokens import Role, TokenService

_LIFETIME = timedelta(hours=2)


@dataclass(frozen=True)
class Identity:
    name: str
    role: Role
    user_id: UUID


USER = Identity("user", Role.USER, UUID("0a6f2f0e-6d0f-4c55-8f0d-2b1f6a3c0001"))
OTHER = Identity("other", Role.USER, UUID("0a6f2f0e-6d0f-4c55-8f0d-2b1f6a3c0002"))
ANALYST = Identity("analyst", Role.ANALYST, UUID("0a6f2f0e-6d0f-4c55-8f0d-2b1f6a3c0003"))
ADMIN = Identity("admin", Role.ADMIN, UUID("0a6f2f0e-6d0f-4c55-8f0d-2b1f6a3c0004"))
IDENTITIES = (USER, OTHER, ANALYST, ADMIN)
CALLERS = (USER, ANALYST, ADMIN)
"""One run of a service is made as each of these."""

PEERS = (USER, OTHER)
"""Neither of them may read what the other one owns."""


def minted_tokens(signing_key: str) -> dict[str, str]:
    """A token for each identity, by name, as user-management would issue it."""
    service = TokenService(ServiceSettings.model_validate({"jwt_secret_key": signing_key}))
    return {item.name: service.issue(item.user_id, item.role, _LIFETIME).value for item in IDENTITIES}


def write_auth_file(path: Path, entries: Mapping[str, Mapping[str, object]]) -> None:
    """The identities in the format of Web Fuzzing Commons, which schemathesis reads."""
    path.write_text(json.dumps({"auth": [{"name": name, **entry} for name, entry in entries.items()]}))


def fixed_headers(tokens: Mapping[str, str]) -> dict[str, dict[str, object]]:
    return {
        name: {"fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
        for name, token in tokens.items()
    }
