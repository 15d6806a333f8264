"""Asking other people's servers: what is never asked, wherever an address says it leads."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest

from tenants import outside
from tenants.outside import Outside, Unreachable, is_public

OURS = [
    "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
    "192.0.2.1", "198.18.0.1", "240.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", OURS)
def test_an_address_of_our_own_network_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_an_address_of_the_internet_is(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://1.1.1.1/keys", "not_https"),
        ("https://1.1.1.1:22/keys", "not_https"),
        ("https://user:pw@1.1.1.1/keys", "not_https"),
        ("https://127.0.0.1/keys", "private_address"),
        ("https://127.1/keys", "private_address"),
        ("https://2130706433/keys", "private_address"),
        ("https://0x7f000001/keys", "private_address"),
        ("https://localhost/keys", "private_address"),
        ("https://169.254.169.254/latest/meta-data", "private_address"),
        ("https://[::1]/keys", "private_address"),
        ("https://[::ffff:10.0.0.1]/keys", "private_address"),
        ("https://no-such-host.invalid/keys", "no_such_host"),
    ],
)
async def test_in_production_only_public_https_is_asked(url: str, code: str) -> None:
    with pytest.raises(Unreachable, match=code):
        await Outside(strict=True).document(url)


async def test_a_name_with_one_address_of_ours_among_others_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("1.1.1.1", "10.0.0.7")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(Unreachable, match="private_address"):
        await Outside(strict=True).document("https://rebinding.example/keys")


async def test_the_very_address_that_was_checked_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name points elsewhere a moment later: nobody asks it a second time."""
    with answering({"/keys": b'{"keys": []}'}) as (port, _):
        asked: list[str] = []

        def once(host: str, *_: Any, **__: Any) -> Any:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        real = socket.getaddrinfo

        def found(host: Any, *more: Any, **named: Any) -> Any:
            return once(host) if "example" in str(host) else real(host, *more, **named)

        monkeypatch.setattr(socket, "getaddrinfo", found)
        assert await Outside(strict=False).document(f"http://moving.example:{port}/keys") == {"keys": []}
    assert asked == ["moving.example"]


async def test_without_https_only_this_machine_is_asked_in_development() -> None:
    with pytest.raises(Unreachable, match="not_https"):
        await Outside(strict=False).document("http://1.1.1.1/keys")


@pytest.mark.parametrize(
    ("path", "code"),
    [("/long", "too_long"), ("/list", "no_document"), ("/html", "no_document"), ("/away", "redirects"), ("/none", "no_document")],
)
async def test_an_answer_that_is_no_document_is_not_taken(path: str, code: str) -> None:
    answers = {"/long": b"{" + b" " * outside.ANSWER_MAX + b"}", "/list": b"[]", "/html": b"<html>", "/away": None}
    with answering(answers) as (port, seen):
        with pytest.raises(Unreachable, match=code):
            await Outside(strict=False).document(f"http://127.0.0.1:{port}{path}")
        assert seen == [path]


async def test_a_server_that_says_nothing_is_left_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "TIME_S", 0.2)
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unreachable, match="no_answer"):
        await Outside(strict=False).document(f"http://127.0.0.1:{port}/keys")
    server.close()


@contextmanager
def answering(answers: dict[str, bytes | None]) -> Iterator[tuple[int, list[str]]]:
    """A server with these answers (None redirects); its port, and what it was asked."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            body = answers.get(self.path)
            self.send_response(200 if body is not None else 302 if self.path in answers else 404)
            self.send_header("Location", "/keys")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
