"""Commands for auditors and operators."""

import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from assistants_common.resources import Resources
from assistants_common.settings import OptionalSecret, secrets_directory
from security import NAME
from security.app import build_chain
from security.audit_log.chain import AuditChain
from security.audit_log.export import verify_lines
from security.audit_log.keys import AuditKeys
from security.audit_log.verification import Verification, verify
from security.schemas import VerificationView
from security.settings import Settings

logger = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_INVALID = 1
EXIT_USAGE = 2


class KeySettings(BaseSettings):
    """The settings to verify a file. Without a key the command checks only the hashes."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", hide_input_in_errors=True)

    audit_key: OptionalSecret = None
    jwt_secret_key: OptionalSecret = None

    def keys(self) -> AuditKeys:
        secrets = [
            secret.get_secret_value() if secret else "" for secret in (self.audit_key, self.jwt_secret_key)
        ]
        return AuditKeys.from_secrets(*secrets)


def verify_file(arguments: Sequence[str]) -> int:
    """`verify FILE`: an exported file, or `-` for standard input; needs no database and no other settings."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m security verify [FILE]\n")
        return EXIT_USAGE
    try:
        keys = KeySettings(_secrets_dir=secrets_directory()).keys()
        if arguments[0] == "-":
            return _report(verify_lines(sys.stdin.buffer, keys), keys)
        with Path(arguments[0]).open("rb") as lines:
            return _report(verify_lines(lines, keys), keys)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_USAGE


async def verify_database(settings: Settings, _: Sequence[str]) -> int:
    """`verify`: the whole audit log in the database. `verify_file` handles a file."""
    async with _opened(settings) as (resources, chain), resources.require_database().session() as session:
        return _report(await verify(session, chain.keys, chain.anchor), chain.keys)


async def seal(settings: Settings, arguments: Sequence[str]) -> int:
    """`seal REASON`: accept the end of the audit log as it is, and sign it.

    Needed after a restored backup, and when AUDIT_KEY was replaced without keeping the old key. The log keeps
    a permanent record of the missing entries and of those signed with a lost key; a seal never accepts a
    changed entry.
    """
    reason = " ".join(arguments).strip()
    if not reason:
        logger.error("usage: python -m security seal REASON")
        return EXIT_USAGE
    async with _opened(settings) as (resources, chain), resources.require_database().session() as session:
        appended = await chain.seal(session, reason)
        await session.commit()
        await chain.sealed(appended)
    logger.info("the audit log is sealed", extra={"sequence": appended.entry.sequence})
    return EXIT_OK


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Resources, AuditChain]]:
    resources = Resources.build(NAME, settings)
    try:
        yield resources, build_chain(resources, settings)
    finally:
        await resources.close()


def _report(found: Verification, keys: AuditKeys) -> int:
    document = VerificationView.of(found).model_dump_json()
    sys.stdout.write(document + "\n")
    if not keys:
        sys.stderr.write("no AUDIT_KEY: the hashes were followed, the signatures were not checked\n")
    return EXIT_OK if found.fault is None else EXIT_INVALID
