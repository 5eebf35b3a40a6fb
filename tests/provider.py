"""A stand-in for an identity provider (OpenID Connect) on this machine: discovery, authorisation
with a code and PKCE, token, keys. It asks for no password; one clicks who one is."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "guidepost", "known to both"


class Provider:
    """What it knows: its address, its key, who may be chosen and which codes are out."""

    def __init__(self, address: str, users: Mapping[str, Mapping[str, Any]]) -> None:
        self.address, self.users = address, users
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, Mapping[str, str]] = {}

    def configuration(self) -> Mapping[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def choices(self, asked: Mapping[str, str]) -> str:
        """A page with a link for each user, back to where one came from with a code."""
        links = []
        for user in self.users:
            code = secrets.token_urlsafe()
            self.codes[code] = {**asked, "user": user}
            back = urlencode({"code": code, "state": asked["state"]})
            links.append(f'<p><a href="{asked["redirect_uri"]}?{back}">{user}</a></p>')
        return "<!doctype html><title>Who are you?</title><h1>Who are you?</h1>" + "".join(links)

    def token(self, given: Mapping[str, str], authorization: str) -> Mapping[str, Any]:
        """A signed identity for a code, once; KeyError or AssertionError for anything wrong."""
        asked = self.codes.pop(given["code"])
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        sent = (given.get("client_id"), given.get("client_secret"))
        assert authorization == f"Basic {basic}" or sent == (CLIENT, SECRET)
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        assert given["redirect_uri"] == asked["redirect_uri"]
        now = int(time.time())
        who = {"sub": asked["user"], "email": asked["user"], **self.users[asked["user"]]}
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, **who}
        claims["nonce"] = asked["nonce"]
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return {"access_token": "unused", "token_type": "Bearer", "expires_in": 300,
                "id_token": signed}  # fmt: skip


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            answers: dict[str, Any] = {
                "/.well-known/openid-configuration": provider.configuration,
                "/keys": lambda: KeySet([provider.key]).as_dict(private=False),
                "/authorize": lambda: provider.choices(asked),
            }
            self._answer(answers[path]() if path in answers else None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(provider.token(given, self.headers.get("Authorization", "")))

        def _answer(self, found: Any) -> None:
            text = found if isinstance(found, str) else json.dumps(found)
            kind = "text/html" if isinstance(found, str) else "application/json"
            self.send_response(204 if found is None else 200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            if found is not None:
                self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal of the tests."""

    return Handler


@contextmanager
def providing(users: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The provider's address, while it runs; `users` by address, with further claims."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    address = f"http://127.0.0.1:{server.server_port}"
    server.RequestHandlerClass = _handler(Provider(address, users))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()


def settings(provider: str, dashboard: str) -> str:
    """What secrets.toml says of it."""
    return (
        "[auth]\n"
        f'redirect_uri = "{dashboard}/oauth2callback"\n'
        'cookie_secret = "a long text that no other server of the tests has"\n'
        f'client_id = "{CLIENT}"\n'
        f'client_secret = "{SECRET}"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )
