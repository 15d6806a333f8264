"""Letters over SMTP: the one place that knows how mail leaves this machine."""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from tenants.mails import NotDelivered, Undeliverable

TIMEOUT_S = 30.0
"""For each step of the conversation; a letter is left to us for five minutes (`tenants.mails.LEASE`)."""
_PORTS = {"smtp": 25, "smtps": 465}


class Smtp:
    """A mail server, by its address: `smtp://name:password@host:587` (STARTTLS where the server offers it), `smtps://…` (TLS throughout).

    Credentials go over TLS only.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._name = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

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
                # With credentials: TLS or nothing. Without: TLS where it is offered.
                start_tls=None if self._tls or self._name is None else True,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as problem:
            raise _told(min(each.code for each in problem.recipients), "the recipient was refused") from problem
        except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as problem:
            raise _told(problem.code, "the letter was refused") from problem
        except ValueError as problem:
            raise Undeliverable("the letter cannot be spelled") from problem
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as problem:
            raise NotDelivered(type(problem).__name__) from problem


def _told(code: int, what: str) -> Exception:
    """A code of 5xx is final, one of 4xx is not (RFC 5321)."""
    return Undeliverable(f"{what} ({code})") if code >= 500 else NotDelivered(f"{what} ({code})")
