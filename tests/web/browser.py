"""A browser as tests drive it: keeps cookies, posts forms with their token and key."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import uuid4

from itsdangerous import Signer
from quart import Quart
from quart.typing import TestClientProtocol
from quart.wrappers import Response

from tenants.credentials import fingerprint
from tests.people import Person

HOST = "localhost"
SESSION = "onhand_session"


class Browser:
    """Cookies live in `client`; `visit` is what the browser was given before anybody signed in."""

    def __init__(self, app: Quart) -> None:
        self.app = app
        self.client: TestClientProtocol = app.test_client()
        self.client.set_cookie(HOST, "onhand_visit", "first-visit")

    @property
    def session(self) -> str | None:
        """The session cookie, if there is one."""
        return self.cookie(SESSION)

    def cookie(self, name: str) -> str | None:
        """The value of a cookie this browser keeps."""
        jar = self.client.cookie_jar
        assert jar is not None
        return next((cookie.value for cookie in jar if cookie.name == name), None)

    @property
    def csrf(self) -> str:
        """The token a page of this browser would carry."""
        return self._signed(fingerprint(self.session).hex() if self.session else "first-visit")

    async def get(self, path: str, **headers: str) -> Response:
        """Open a page."""
        return await self.client.get(path, headers=_headers(headers))

    async def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> Response:
        """Send a form, with its token and a fresh key unless the form brings its own."""
        fields = {"_csrf": self.csrf, "_key": uuid4().hex} | (form or {})
        return await self.client.post(path, form=fields, headers={"Sec-Fetch-Site": "same-origin"} | _headers(headers))

    async def sign_in(self, who: Person, password: str | None = None, **more: str) -> Response:
        """Through the door."""
        form = {"company": who.tenant.slug, "email": who.email, "password": password or who.password, "_csrf": self._signed("first-visit")}
        return await self.post("/sign-in", form | more)

    def _signed(self, bound_to: str) -> str:
        signer = Signer(self.app.secret_key or "", salt="csrf", digest_method=sha256)
        nonce = uuid4().hex
        return f"{nonce}.{signer.get_signature(f'{nonce}.{bound_to}').decode()}"


def _headers(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}
