"""Commands for operators."""

import logging
from collections.abc import Sequence

from assistants_common.database import Database, build_engine
from user_management import accounts
from user_management.settings import Settings

logger = logging.getLogger(__name__)


async def promote(settings: Settings, arguments: Sequence[str]) -> int:
    """`promote EMAIL`: make an account an administrator. The first one can only be made this way."""
    if len(arguments) != 1:
        logger.error("usage: python -m user_management promote EMAIL")
        return 2
    database = Database(build_engine(settings, "user-management-promote"))
    try:
        async with database.session() as session:
            user = await accounts.promote(session, arguments[0].strip())
    finally:
        await database.dispose()
    if user is None:
        logger.error("no account has this e-mail address")
        return 1
    logger.info("the account is an administrator now", extra={"user_id": user.id})
    return 0
