"""The webhook for alerts: a signed POST."""

import asyncio
import hmac
from hashlib import sha256
from time import time
from types import TracebackType
from typing import Self

import httpx
from pydantic import SecretStr

from assistants_common.http_client import build_client

TIMESTAMP_HEADER = "X-Signature-Timestamp"
SIGNATURE_HEADER = "X-Signature"
DELIVERY_HEADER = "X-Delivery-Id"


class WebhookError(Exception):
    """The receiver did not accept a message. The error omits its address, which is a secret."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`sha256=` and the HMAC-SHA256 of timestamp, dot and body. Receivers refuse old timestamps."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    return f"sha256={digest}"


class Webhook:
    """Follows no redirect, so that a body goes only to the configured address."""

    def __init__(self, url: SecretStr | None, secret: SecretStr | None, timeout: float) -> None:
        self.use(url, secret)
        self._timeout = timeout
        self._client = build_client("", timeout, outside=True)

    def use(self, url: SecretStr | None, secret: SecretStr | None) -> None:
        """Use this address and secret from now on."""
        self._target = (url, secret) if url is not None and secret is not None else None

    @property
    def configured(self) -> bool:
        return self._target is not None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(self, delivery_id: str, body: bytes) -> None:
        """Deliver a message; WebhookError unless the answer is a 2xx."""
        if self._target is None:
            raise WebhookError("ALERT_WEBHOOK_URL is not set")
        url, secret = self._target
        timestamp = str(int(time()))
        headers = {
            "Content-Type": "application/json",
            DELIVERY_HEADER: delivery_id,
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: signature(secret.get_secret_value(), timestamp, body),
        }
        request = self._client.build_request("POST", url.get_secret_value(), content=body, headers=headers)
        try:
            # Does not read the answer's body, which is of no use and could be endless.
            async with asyncio.timeout(self._timeout):
                answer = await self._client.send(request, stream=True)
        except (httpx.HTTPError, TimeoutError) as error:
            raise WebhookError(f"the webhook is not reachable: {type(error).__name__}") from error
        await answer.aclose()
        if not answer.is_success:
            raise WebhookError(f"the webhook answered {answer.status_code}")
