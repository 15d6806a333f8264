"""Letters go by TLS to a server that proves who it is, or not at all. Real servers, and certificates of our own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.processes import free_port
from app.smtp import Smtp
from tenants.mails import NotDelivered
from tests.tenants.test_mails import SENDER, Inbox

NAME, PASSWORD = "onhand", "p:w/d@ä"
NOW = datetime.now(UTC)
Key = ec.EllipticCurvePrivateKey


class Authority:
    """Somebody who vouches for servers, and the file that says whom to believe."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self._key, subject = ec.generate_private_key(ec.SECP256R1()), _named(name)
        self._certificate = _certificate(subject, subject, self._key, self._key, ends=NOW + timedelta(days=1), ca=True)
        self.file = self.folder / "ca.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def vouches_for(self, host: str, ends: datetime = NOW + timedelta(days=1)) -> ssl.SSLContext:
        """What a server of that name shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        shown = _certificate(_named(host), self._certificate.subject, key, self._key, ends=ends, host=host)
        pem = self.folder / f"{host}.pem"
        pem.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + shown.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: Key, by: Key, ends: datetime, ca: bool = False, host: str = ""
) -> x509.Certificate:
    made = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), NOW - timedelta(days=2), ends)
    made = made.add_extension(x509.BasicConstraints(ca, None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    if host:
        name = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        made = made.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    made = made.add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
    return made.sign(by, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Whom the product is told to believe."""
    return Authority(tmp_path, "ours")


Serve = Callable[..., Any]


@asynccontextmanager
async def serving(scheme: str, context: ssl.SSLContext | None, host: str = "127.0.0.1", **more: Any) -> AsyncIterator[tuple[Inbox, str]]:
    """A mail server that speaks TLS from the start (`smtps`), or offers it (`smtp`) unless it has no context."""
    inbox = Inbox()
    tls = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context}
    controller = Controller(inbox, hostname=host, port=free_port(), **tls, **more)
    await asyncio.to_thread(controller.start)
    try:
        yield inbox, f"{scheme}://{host}:{controller.port}"
    finally:
        await asyncio.to_thread(controller.stop)


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, "dana@example.com", "A link that opens an account"
    message.set_content("https://onhand.example/reset/secret")
    return message


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_letter_goes_to_a_server_that_proves_who_it_is(authority: Authority, scheme: str) -> None:
    async with serving(scheme, authority.vouches_for("127.0.0.1")) as (inbox, url):
        await Smtp(url, authority.file).send(letter())
    assert [each["To"] for each in inbox.messages] == ["dana@example.com"]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("wrong", ["authority", "name", "time", "system"])
async def test_nothing_is_sent_to_one_that_does_not(authority: Authority, tmp_path: Path, scheme: str, wrong: str) -> None:
    context = {
        "authority": lambda: Authority(tmp_path, "theirs").vouches_for("127.0.0.1"),
        "name": lambda: authority.vouches_for("mail.elsewhere.example"),
        "time": lambda: authority.vouches_for("127.0.0.1", ends=NOW - timedelta(days=1)),
        "system": lambda: authority.vouches_for("127.0.0.1"),
    }[wrong]()
    async with serving(scheme, context) as (inbox, url):
        with pytest.raises(NotDelivered, match="certificate was not accepted"):
            await Smtp(url, None if wrong == "system" else authority.file).send(letter())
    assert inbox.messages == []


async def test_nothing_is_sent_when_somebody_between_takes_the_offer_of_tls_away(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any machine but this one: the server stands here, so it is named as if it did not."""
    monkeypatch.setattr("app.smtp._is_here", lambda host: False)
    async with serving("smtp", None) as (inbox, url):
        with pytest.raises(NotDelivered):
            await Smtp(url, authority.file).send(letter())
        assert inbox.messages == []
        await Smtp(f"{url}?tls=if-offered", authority.file).send(letter())
    assert len(inbox.messages) == 1


@pytest.mark.parametrize("query", ["", "?tls=if-offered"])
async def test_where_tls_is_offered_it_must_hold_even_if_it_need_not_be(authority: Authority, tmp_path: Path, query: str) -> None:
    async with serving("smtp", Authority(tmp_path, "theirs").vouches_for("127.0.0.1")) as (inbox, url):
        with pytest.raises(NotDelivered):
            await Smtp(url + query, authority.file).send(letter())
    assert inbox.messages == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # it does not see that the whole line is TLS
@pytest.mark.parametrize(("scheme", "password", "taken"), [("smtp", PASSWORD, 1), ("smtps", PASSWORD, 1), ("smtp", "wrong", 0)])
async def test_credentials_go_over_tls_and_are_checked_there(authority: Authority, scheme: str, password: str, taken: int) -> None:
    seen: list[bool] = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        seen.append(session.ssl is not None or scheme == "smtps")
        return AuthResult(success=(data.login, data.password) == (NAME.encode(), PASSWORD.encode()), handled=False)

    more = {"authenticator": check, "auth_required": True, "auth_require_tls": scheme == "smtp"}
    async with serving(scheme, authority.vouches_for("127.0.0.1"), **more) as (inbox, url):
        spelled = password.replace(":", "%3A").replace("/", "%2F").replace("@", "%40")
        smtp = Smtp(url.replace("://", f"://{NAME}:{spelled}@"), authority.file)
        if taken:
            await smtp.send(letter())
        else:
            with pytest.raises(NotDelivered):
                await smtp.send(letter())
    assert len(inbox.messages) == taken
    assert seen
    assert all(seen)
