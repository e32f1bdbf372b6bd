"""Talks to the OpenID Connect provider: authorization code flow with PKCE, state and nonce."""

import asyncio
import logging
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from hmac import compare_digest
from json import dumps, loads
from time import monotonic
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from redis.asyncio import Redis

from assistants_common.cache import redis_key
from assistants_common.http_client import build_client
from assistants_common.problems import ProblemError
from user_management.opaque_tokens import new_token
from user_management.settings import Settings

logger = logging.getLogger(__name__)

STATE_SECONDS = 600
_TIMEOUT_SECONDS = 10
_METADATA_SECONDS = 3600.0
_KEYS_RETRY_SECONDS = 30.0
_SKEW_SECONDS = 60
_ALGORITHMS = ("RS256", "PS256", "ES256")
_OK = 200
_CALLBACK = "/auth/oidc/callback"


class OidcError(Exception):
    """The provider's answer does not prove who the user is."""


@dataclass(frozen=True)
class Identity:
    """The user as the provider identifies them."""

    issuer: str
    subject: str
    email: str | None
    """Only when the provider has verified it."""


@dataclass(frozen=True)
class Attempt:
    """A login under way; Redis keeps it under its state. `browser`: hash of the browser's cookie."""

    browser: str
    nonce: str
    verifier: str
    next_path: str | None


@dataclass(frozen=True)
class Start:
    """The redirect and the cookie for the browser."""

    location: str
    cookie: str


@dataclass(frozen=True)
class Provider:
    """The content of the provider's discovery document."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    basic_auth: bool


class Oidc:
    def __init__(self, settings: Settings, redis: Redis) -> None:
        self.issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self.use(settings)
        self.public_url = settings.public_url
        self._redirect_uri = settings.public_url + _CALLBACK
        self._redis = redis
        self._http = build_client("", _TIMEOUT_SECONDS, outside=True)
        self._lock = asyncio.Lock()
        self._provider: Provider | None = None
        self._provider_at = float("-inf")
        self._keys = KeySet([])
        self._keys_at = float("-inf")

    def use(self, settings: Settings) -> None:
        """Use the client secret of these settings from now on."""
        secret = settings.oidc_client_secret
        self._secret = secret.get_secret_value() if secret else None

    async def close(self) -> None:
        await self._http.aclose()

    async def start(self, next_path: str | None) -> Start:
        provider = await self._discover()
        cookie, state, nonce, verifier = (new_token() for _ in range(4))
        attempt = Attempt(_hash(cookie), nonce, verifier, next_path)
        await self._redis.set(_state_key(state), dumps(asdict(attempt)), ex=STATE_SECONDS)
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": _hash(verifier),
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in provider.authorization_endpoint else "?"
        return Start(provider.authorization_endpoint + separator + urlencode(query), cookie)

    async def claim(self, state: str, cookie: str | None) -> Attempt:
        """The login of a callback. A state is valid once, and only in the browser that started the login."""
        document = await self._redis.getdel(_state_key(state))
        if document is None:
            raise OidcError("the state is unknown, was used, or is too old")
        attempt = Attempt(**loads(document))
        if cookie is None or not compare_digest(attempt.browser, _hash(cookie)):
            raise OidcError("the state is of another browser")
        return attempt

    async def identify(self, code: str, attempt: Attempt) -> Identity:
        """Exchange the code, and read the ID token."""
        provider = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": attempt.verifier,
        }
        authentication = None
        if self._secret and provider.basic_auth:
            # RFC 6749 2.3.1: the client form-encodes both values first.
            authentication = httpx.BasicAuth(quote(self._client_id, safe=""), quote(self._secret, safe=""))
        else:
            form["client_id"] = self._client_id
            form.update({"client_secret": self._secret} if self._secret else {})
        response = await self._request("POST", provider.token_endpoint, data=form, auth=authentication)
        if response.status_code != _OK:
            raise OidcError(f"the code was not accepted ({response.status_code})")
        token = _json(response).get("id_token")
        if not isinstance(token, str):
            raise OidcError("there is no ID token")
        return self._identity(await self._verified(token, provider), attempt.nonce)

    async def _verified(self, token: str, provider: Provider) -> Mapping[str, Any]:
        """The claims of an ID token with a valid signature; fetches the keys again for an unknown key."""
        try:
            try:
                return jwt.decode(token, await self._key_set(provider), algorithms=_ALGORITHMS).claims
            except InvalidKeyIdError:
                keys = await self._key_set(provider, _KEYS_RETRY_SECONDS)
                return jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise OidcError(f"the ID token's signature is not good: {type(error).__name__}") from error

    def _identity(self, claims: Mapping[str, Any], nonce: str) -> Identity:
        audience = claims.get("aud")
        several = isinstance(audience, list) and len(audience) > 1
        registry = jwt.JWTClaimsRegistry(
            leeway=_SKEW_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client_id},
            azp={"essential": several, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(dict(claims))
        except JoseError as error:
            raise OidcError(f"the ID token is not for this login: {error}") from error
        email = claims.get("email") if claims.get("email_verified") is True else None
        subject = claims["sub"]
        if not 0 < len(subject) <= 255 or "\0" in subject:  # noqa: PLR2004 - OpenID Connect Core 2
            raise OidcError("the subject is not valid")
        return Identity(self.issuer, subject, email if isinstance(email, str) else None)

    async def _discover(self) -> Provider:
        async with self._lock:
            if self._provider is None or monotonic() - self._provider_at > _METADATA_SECONDS:
                url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                self._provider = self._parse(_json(await self._request("GET", url)))
                self._provider_at = monotonic()
            return self._provider

    def _parse(self, document: Mapping[str, Any]) -> Provider:
        if document.get("issuer") != self.issuer:
            raise _unavailable("it names another issuer than OIDC_ISSUER")
        endpoints = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        schemes = ("https://",) if self.issuer.startswith("https://") else ("https://", "http://")
        if not all(isinstance(endpoint, str) and endpoint.startswith(schemes) for endpoint in endpoints):
            raise _unavailable("its discovery document is not complete")
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        authorization, token, keys = map(str, endpoints)
        return Provider(authorization, token, keys, "client_secret_basic" in methods)

    async def _key_set(self, provider: Provider, older_than: float = _METADATA_SECONDS) -> KeySet:
        async with self._lock:
            if monotonic() - self._keys_at > older_than:
                document = _json(await self._request("GET", provider.jwks_uri))
                self._keys = KeySet.import_key_set({"keys": _public_keys(document)})
                self._keys_at = monotonic()
            return self._keys

    async def _request(self, method: str, url: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        try:
            response = await self._http.request(method, url, **options)
        except httpx.HTTPError as error:
            raise _unavailable(type(error).__name__) from error
        if response.is_server_error or (method == "GET" and response.status_code != _OK):
            raise _unavailable(f"it answered {response.status_code}")
        return response


def _public_keys(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The keys for signatures. Drops symmetric keys: a published secret would let anyone sign with HS256."""
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise _unavailable("its key set is not one")
    return [
        key
        for key in keys
        if isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"
    ]


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        document = response.json()
    except ValueError as error:
        raise _unavailable("it did not answer with JSON") from error
    if not isinstance(document, dict):
        raise _unavailable("it did not answer with an object")
    return document


def _unavailable(reason: str) -> ProblemError:
    logger.error("the identity provider cannot be used", extra={"reason": reason})
    return ProblemError(503, "The identity provider is not available.", headers={"Retry-After": "10"})


def _state_key(state: str) -> str:
    return redis_key("user-management", "oidc", _hash(state))


def _hash(text: str) -> str:
    """SHA-256 in the encoding of PKCE."""
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
