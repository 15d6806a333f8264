"""Letters that nobody sends: in development without a mail server they are read here, on this machine only."""

from __future__ import annotations

from ipaddress import ip_address

from quart import Blueprint, Response, request

from kit.errors import refuse
from tenants.mails import Mail, Undeliverable
from web import respond
from web.access import public
from web.letters import Worded, worded
from web.wiring import parts

pages = Blueprint("outbox", __name__)

_OURS = ("localhost", "127.0.0.1", "[::1]")


@pages.get("/outbox")
@public
async def show() -> Response:
    """The latest letters of all companies, newest first."""
    if not _is_ours():
        raise refuse("not_found")
    mails = await parts().post.outbox()
    return await respond.page("mail/outbox.html", mails=[(mail, _worded(mail)) for mail in mails])


def _is_ours() -> bool:
    """Somebody at this very machine: not through a proxy, and not by a name that another site had pointed here."""
    forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For"))
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    return parts().wiring.environment == "development" and not forwarded and host in _OURS and _is_loopback(request.remote_addr)


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


def _worded(mail: Mail) -> Worded | None:
    try:
        return worded(mail.letter, parts().wiring.public_url)
    except Undeliverable:  # sent: what it said is gone
        return None
