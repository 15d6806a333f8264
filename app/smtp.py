"""Letters over SMTP: the one place that knows how mail leaves this machine."""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib

from tenants.mails import NotDelivered, Undeliverable

TIMEOUT_S = 30.0
"""For each step of the conversation; a letter is left to us for five minutes (`tenants.mails.LEASE`)."""
IF_OFFERED = "tls=if-offered"
"""What the address of a relay ends with that has no TLS, in a network of one's own."""
_PORTS = {"smtp": 25, "smtps": 465}


class Smtp:
    """A mail server, by its address: `smtp://name:password@host:587` (STARTTLS), `smtps://…` (TLS throughout).

    TLS or nothing: letters carry links that open accounts. Without it goes a letter only to this very machine, or where the address
    says `?tls=if-offered`, and credentials never. The server's certificate must be for its name and come from an authority in the
    file `ca`, or without one from those that the system knows.
    """

    def __init__(self, url: str, ca: Path | None = None) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._name = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._in_the_open = self._name is None and (parts.query == IF_OFFERED or _is_here(self._host))
        self._context = ssl.create_default_context(cafile=ca)

    async def send(self, message: EmailMessage) -> None:
        """Hand over one letter. Raises Undeliverable when it will never be taken, NotDelivered when it may be later."""
        try:
            await aiosmtplib.send(
                message,
                hostname=self._host,
                port=self._port,
                username=self._name,
                password=self._password,
                use_tls=self._tls,
                start_tls=False if self._tls else None if self._in_the_open else True,
                tls_context=self._context,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as problem:
            raise _told(min(each.code for each in problem.recipients), "the recipient was refused") from problem
        except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as problem:
            raise _told(problem.code, "the letter was refused") from problem
        # Before ValueError: a certificate that is not accepted is one, too.
        except (aiosmtplib.SMTPException, OSError) as problem:
            raise NotDelivered(_reason(problem)) from problem
        except ValueError as problem:
            raise Undeliverable("the letter cannot be spelled") from problem


def _is_here(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _told(code: int, what: str) -> Exception:
    """A code of 5xx is final, one of 4xx is not (RFC 5321)."""
    return Undeliverable(f"{what} ({code})") if code >= 500 else NotDelivered(f"{what} ({code})")


def _reason(problem: BaseException) -> str:
    """What an operator can act on: a certificate that was not accepted, or the kind of trouble."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the mail server's certificate was not accepted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return type(problem).__name__
