"""Links in the mails that a service sends."""

import re

from assistants_testing.smtp import SmtpServer
from assistants_testing.waiting import block_until


def link_token(mail: SmtpServer, email: str, page: str) -> str:
    """The token of the newest link to a page. Waits for the mail, which the service sends later."""
    link = re.compile(rf"/{re.escape(page)}#(?P<token>\S+)")

    def tokens() -> list[str]:
        mails = zip(mail.recipients, mail.messages, strict=False)
        texts = [message.get_content() for recipients, message in mails if email in recipients]
        return [found["token"] for found in map(link.search, texts) if found]

    block_until(tokens)
    return tokens()[-1]
