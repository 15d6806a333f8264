"""An issuer of programs' tokens: its own HTTP server with a discovery document and keys, and tokens signed with them."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

KINDS = {
    "RS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
}
AUDIENCE = "https://onhand.example"


@dataclass
class Issuer:
    """Where it answers, the keys it has, and how often it was asked for them."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    def has_key(self, kid: str, algorithm: str = "RS256") -> Any:
        """One more key, published under `kid`."""
        self.keys[kid] = KINDS[algorithm]()
        return self.keys[kid]

    def published(self) -> dict[str, Any]:
        return {"keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]}

    def claims(self, slug: str, **changes: Any) -> dict[str, Any]:
        """What a good token of this issuer says; a change to None leaves the claim out."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "picker-robot", "tenant": slug, "roles": ["stock"], "iat": now, "exp": now + 300}
        return {name: value for name, value in (good | {"jti": uuid4().hex} | changes).items() if value is not None}

    def token(self, slug: str, kid: str = "k1", algorithm: str = "RS256", header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A token signed with one of its keys."""
        return signed(self.keys[kid], algorithm, {"kid": kid, **(header or {})}, self.claims(slug, **changes))


def signed(key: Any, algorithm: str, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token, whatever its header says."""
    full = {"alg": algorithm, "typ": "JWT"} | header
    if algorithm != "RS256":
        return jws.serialize_compact(full, json.dumps(claims), key, algorithms=[algorithm])
    # By hand: a library would not sign the headers that attackers write.
    head = f"{part(full)}.{part(claims)}"
    return f"{head}.{_text(key.private_key.sign(head.encode(), PKCS1v15(), SHA256()))}"


def part(value: Any) -> str:
    """One part of a token."""
    return _text(json.dumps(value).encode())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextmanager
def issuer_at_work() -> Iterator[Issuer]:
    """The issuer, answering over HTTP."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            known = {
                "/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"},
                "/keys": issuer.published(),
                **issuer.answers,
            }
            found = known.get(self.path)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    issuer.has_key("k1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
