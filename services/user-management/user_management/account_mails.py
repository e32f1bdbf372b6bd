"""The mails of this service: recipients and texts."""

from uuid import UUID

from prometheus_client import Counter
from redis.asyncio import Redis

from assistants_common.cache import redis_key
from assistants_common.database import Database
from assistants_common.mail import Mailer, MailError
from assistants_common.problems import ProblemError
from user_management import accounts, links
from user_management.errands import Errands
from user_management.links import Purpose
from user_management.settings import Settings
from user_management.throttle import account_fingerprint

MAILS = Counter("mails_total", "Mails of user-management.", ["purpose", "outcome"])
for _purpose in Purpose:  # so that the first one is an increase
    for _outcome in ("sent", "failed"):
        MAILS.labels(_purpose.value, _outcome)

_LIMIT = 3
_LIMIT_SECONDS = 15 * 60

_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""

_SUBJECTS = {
    Purpose.VERIFY_EMAIL: "Confirm your e-mail address",
    Purpose.RESET_PASSWORD: "Choose a new password",
}
_TEXTS = {
    Purpose.VERIFY_EMAIL: """\
Somebody, probably you, has made an account of the AI assistants for 1C:Enterprise with this e-mail address.
Open this page within 24 hours and press the button there to confirm that it is yours:

{link}

If it was not you, do nothing: without your confirmation the account cannot be used.
""",
    Purpose.RESET_PASSWORD: """\
Somebody, probably you, wants to choose a new password for the AI assistants for 1C:Enterprise.
Open this address within 30 minutes to do so:

{link}

If it was not you, do nothing: your password stays as it is.
""",
}
_PATHS = {
    # Browsers do not send the part after "#", so no server, proxy or log sees the token; the page reads it.
    Purpose.VERIFY_EMAIL: "/auth/verify-email#",
    Purpose.RESET_PASSWORD: "/auth/password/reset#",
}


class AccountMails:
    """Sends links in the background, so that the response time does not reveal whether an account exists."""

    def __init__(
        self, settings: Settings, database: Database, redis: Redis, mailer: Mailer, errands: Errands
    ) -> None:
        self._public_url = settings.public_url
        self._database = database
        self._redis = redis
        self._mailer = mailer
        self._errands = errands
        self._count = redis.register_script(_COUNT)

    @property
    def configured(self) -> bool:
        return self._mailer.configured

    def require_configured(self) -> None:
        """Raise 404 with the missing setting when mail is not configured."""
        if not self.configured:
            raise ProblemError(
                404, "Mail is not configured: set SMTP_HOST and PUBLIC_URL, or ask an administrator."
            )

    async def request(self, email: str, purpose: Purpose) -> None:
        """Send a link when the address has an account that needs one. Sends at most three in a quarter of an
        hour and drops further ones silently, so that no attacker can flood a mailbox.
        """
        key = redis_key("user-management", "mails", purpose.value, account_fingerprint(email))
        if int(await self._count(keys=[key], args=[_LIMIT_SECONDS])) <= _LIMIT:
            self.send(email, purpose)

    def send(self, email: str, purpose: Purpose) -> None:
        """Send a link without counting it, to the address of a new account."""
        self._errands.run(self._send_link(email, purpose))

    async def _send_link(self, email: str, purpose: Purpose) -> None:
        async with self._database.session() as session:
            user = await accounts.find_by_email(session, email)
            if user is None or (purpose is Purpose.VERIFY_EMAIL and user.email_verified):
                return
            token = await links.issue(session, user.id, purpose)
            await session.commit()
        await self._deliver(user.id, user.email, purpose, token)

    async def _deliver(self, user_id: UUID, email: str, purpose: Purpose, token: str) -> None:
        text = _TEXTS[purpose].format(link=f"{self._public_url}{_PATHS[purpose]}{token}")
        try:
            await self._mailer.send(email, _SUBJECTS[purpose], text)
        except MailError as error:
            MAILS.labels(purpose.value, "failed").inc()
            raise MailError(f"no mail to user {user_id}: {error}") from error
        MAILS.labels(purpose.value, "sent").inc()
