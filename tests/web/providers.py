"""Identity providers as processes of their own, and a person who signs in there with a browser of theirs."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from app.assets import find_node

FOLDER = Path(__file__).parent / "provider"
CLIENT_ID = "onhand"
CLIENT_SECRET = "a secret between the provider and us"
_FORM = re.compile(r'<form[^>]*action="([^"]+)"')


@dataclass
class Provider:
    """A provider that answers at `issuer`. `people` is where the certified one reads them."""

    issuer: str
    people: Path | None = None

    def knows(self, subject: str, **claims: Any) -> None:
        """What the provider says of somebody from now on."""
        if self.people is None:
            assert httpx2.put(f"{self.issuer}/users/{subject}", json=claims).status_code < 300
        else:
            known = json.loads(self.people.read_text()) if self.people.exists() else {}
            self.people.write_text(json.dumps(known | {subject: claims}))

    def signs_in(self, url: str, subject: str) -> str:
        """Somebody goes through the provider's pages; the address it sends their browser back to."""
        with httpx2.Client(follow_redirects=False, timeout=20) as browser:
            if self.people is None:
                return _location(browser.post(url, data={"sub": subject}), url)
            return _through_forms(browser, url, subject)


@contextmanager
def mock_provider() -> Iterator[Provider]:
    """`oidc-provider-mock`: quick, and its claims can be anything."""
    port = free_port()
    with _process([sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]):
        issuer = f"http://localhost:{port}"
        _answers(issuer)
        yield Provider(issuer)


@contextmanager
def certified_provider(folder: Path, slug: str, origin: str = "http://localhost") -> Iterator[Provider]:
    """The certified `oidc-provider` of npm, which enforces PKCE, redirect addresses and client secrets."""
    node = find_node()
    if not (FOLDER / "node_modules/oidc-provider").exists():
        subprocess.run([*node.npm, "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True, timeout=300)
    port, people = free_port(), folder / "people.json"
    people.write_text("{}")
    with _process([node.node, "provider.mjs", str(port), str(people), origin, slug]):
        issuer = f"http://127.0.0.1:{port}"
        _answers(issuer)
        yield Provider(issuer, people)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _through_forms(browser: httpx2.Client, url: str, subject: str) -> str:
    for _ in range(12):
        response = browser.get(url)
        if response.is_redirect:
            url = _location(response, url)
        else:
            form = _FORM.search(response.text)
            assert form, response.text[:500]
            prompt = "login" if 'value="login"' in response.text else "consent"
            url = _location(
                browser.post(urljoin(url, unescape(form[1])), data={"prompt": prompt, "login": subject, "password": "any"}), url
            )
        if urlsplit(url).path.endswith("/sso/callback"):
            return url
    raise AssertionError("the provider does not let anybody through")


def _location(response: httpx2.Response, asked: str) -> str:
    assert response.is_redirect, response.text[:500]
    return urljoin(asked, response.headers["location"])


@contextmanager
def _process(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(issuer: str) -> None:
    for _ in range(300):
        try:
            if httpx2.get(f"{issuer}/.well-known/openid-configuration").status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the provider does not answer")
