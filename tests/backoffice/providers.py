"""A small OpenID Connect service on this machine: real HTTP, real signatures, wrong where a test wants."""

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from flask import Flask, abort, jsonify, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "backoffice", "the secret of the client"


class Provider:
    """Vouches for `claims`; what a test puts into `wrong`, `key` or `algorithm` replaces what is right."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = self.published = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
        self.algorithm = "RS256"
        self.offered = ["RS256"]
        self.claims: dict[str, Any] = {}
        self.wrong: dict[str, Any] = {}
        self.named = ""
        self.codes: dict[str, dict[str, str]] = {}

    def authorize(self, asked: dict[str, str]) -> str:
        """Return a code for what a browser was sent with."""
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return code

    def token(self, asked: dict[str, str]) -> str:
        right = {
            "iss": self.issuer, "aud": CLIENT, "sub": "s-1", "nonce": asked["nonce"],
            "iat": int(time.time()), "exp": int(time.time()) + 300, **self.claims,
        }  # fmt: skip
        content = {name: value for name, value in (right | self.wrong).items() if value is not None}
        if self.algorithm == "none":
            return unsigned(content)
        return jwt.encode(
            {"alg": self.algorithm, "kid": "one"}, content, self.key, algorithms=[self.algorithm]
        )


def unsigned(content: dict[str, Any]) -> str:
    key = OctKey.import_key("no matter, it is cut off again here")
    signed = jwt.encode({"alg": "HS256"}, content, key, algorithms=["HS256"])
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{signed.split('.')[1]}."


def service(provider: Provider) -> Flask:
    app = Flask("provider")

    @app.get("/.well-known/openid-configuration")
    def published() -> Any:
        return jsonify(
            issuer=provider.named or provider.issuer,
            authorization_endpoint=f"{provider.issuer}/authorize",
            token_endpoint=f"{provider.issuer}/token",
            jwks_uri=f"{provider.issuer}/keys",
            id_token_signing_alg_values_supported=provider.offered,
        )

    @app.get("/keys")
    def keys() -> Any:
        return jsonify(keys=[provider.published.as_dict(private=False)])

    @app.post("/token")
    def token() -> Any:
        asked = provider.codes.pop(request.form["code"], None)
        who = request.authorization
        verifier = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if asked is None or who is None or (who.username, who.password) != (CLIENT, SECRET):
            abort(400)
        if asked["code_challenge"] != challenge or asked["redirect_uri"] != request.form["redirect_uri"]:
            abort(400)
        return jsonify(access_token="a", token_type="Bearer", id_token=provider.token(asked))  # noqa: S106

    return app


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    server = make_server("127.0.0.1", 0, service(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
