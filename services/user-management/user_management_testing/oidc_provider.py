"""A small OpenID Connect provider behind a real HTTP server: code flow with PKCE, signed ID tokens."""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

type Key = RSAKey | ECKey
type Answer = tuple[int, dict[str, str], bytes]

_LIFETIME = 300


@dataclass
class OidcProvider:
    """A test can set faults: `change` alters claims, `sign` makes ID tokens."""

    client_id: str
    client_secret: str
    redirect_uri: str
    issuer: str = ""
    user: dict[str, Any] = field(default_factory=dict)
    """Claims of who is logged in there: sub, email, email_verified."""

    keys: list[Key] = field(default_factory=list)
    """All are published, the first signs."""

    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    sign: Callable[[dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    """Paths that answer with an error; 0: with the end of the connection."""

    contents: dict[str, bytes] = field(default_factory=dict)
    """Paths that answer with something else."""

    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        self.user = {
            "sub": token_urlsafe(8),
            "email": f"{token_urlsafe(8)}@example.com",
            "email_verified": True,
        }
        self.keys = (
            [RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})] if not self.keys else self.keys[:1]
        )
        self.change, self.sign = lambda claims: claims, None
        self.metadata, self.statuses, self.contents = {}, {}, {}
        self.asked.clear()
        self.codes.clear()

    def answer(self, method: str, target: str, headers: dict[str, str], body: str) -> Answer:
        path, query = urlsplit(target).path, _single(urlsplit(target).query)
        self.asked.append(path)
        if path in self.statuses:
            return self.statuses[path], {}, b"{}"
        if path in self.contents:
            return 200, {"Content-Type": "application/json"}, self.contents[path]
        return self._answer(f"{method} {path}", query, _single(body), headers.get("authorization", ""))

    def _answer(self, what: str, query: dict[str, str], form: dict[str, str], authorization: str) -> Answer:
        match what:
            case "GET /.well-known/openid-configuration":
                return _json(200, self._discovery())
            case "GET /keys":
                return _json(200, {"keys": [key.as_dict(private=False) for key in self.keys]})
            case "GET /authorize":
                return self._authorize(query)
            case "POST /token":
                return self._token(form, authorization)
        return _json(404, {"error": "not_found"})

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            **self.metadata,
        }

    def _authorize(self, query: dict[str, str]) -> Answer:
        """Answer for a user who is already logged in, and consents."""
        good = (
            query["response_type"] == "code"
            and query["client_id"] == self.client_id
            and query["redirect_uri"] == self.redirect_uri
            and "openid" in query["scope"].split()
            and query["code_challenge_method"] == "S256"
        )
        if not good:
            return _json(400, {"error": "invalid_request"})
        code = token_urlsafe(16)
        self.codes[code] = query
        answer = urlencode({"code": code, "state": query["state"], "iss": self.issuer})
        return 302, {"Location": f"{self.redirect_uri}?{answer}"}, b""

    def _token(self, form: dict[str, str], authorization: str) -> Answer:
        if not self._is_client(form, authorization):
            return _json(401, {"error": "invalid_client"})
        request = self.codes.pop(form["code"], None)
        good = (
            request is not None
            and form["grant_type"] == "authorization_code"
            and form["redirect_uri"] == request["redirect_uri"]
            and _challenge(form["code_verifier"]) == request["code_challenge"]
        )
        if request is None or not good:
            return _json(400, {"error": "invalid_grant"})
        now = int(time())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + _LIFETIME,
            "nonce": request["nonce"],
            **self.user,
        }
        token = (self.sign or self.signed)(self.change(claims))
        return _json(200, {"access_token": "opaque", "token_type": "Bearer", "id_token": token})

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if authorization:
            name, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            return (unquote(name), unquote(secret)) == (self.client_id, self.client_secret)
        return (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)

    def signed(self, claims: dict[str, Any]) -> str:
        key = self.keys[0]
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


@contextmanager
def oidc_provider(client_id: str, client_secret: str, redirect_uri: str) -> Iterator[OidcProvider]:
    provider = OidcProvider(client_id, client_secret, redirect_uri)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, body: str) -> None:
            sent = {name.lower(): value for name, value in self.headers.items()}
            status, headers, content = provider.answer(self.command, self.path, sent, body)
            if status == 0:
                return
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the log out of the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        provider.reset()
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()


def _json(status: int, document: dict[str, Any]) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, strict_parsing=bool(query)).items()}


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
