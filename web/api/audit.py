"""The audit over REST: facts as they stand in their chain."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from kit.clock import rfc3339
from kit.errors import refuse
from tenants import audit
from tenants.audit import AuditFilter, AuditRow
from web import asking
from web.access import allow, ctx
from web.api.incoming import bound_arg, cursor_arg, limit_arg, text_arg
from web.api.operation import PAGED, operation, text
from web.api.outgoing import listing

routes = Blueprint("api_audit", __name__, url_prefix="/v1/<tenant>/audit")

COLUMNS = ("seq", "at", "fact", "subject", "about", "by", "by_kind", "role", "address", "session", "body", "words", "hash")
_QUERY = (
    text("fact", "Facts of this name, such as `user_role_changed`."),
    text("who", "Facts by this person or key: its id."),
    text("subject", "Facts about this, exactly."),
    text("address", "Facts from this address."),
    text("from", "Not before this RFC 3339 time."),
    text("to", "Before this RFC 3339 time."),
    *PAGED,
)


@routes.get("")
@allow("audit.read")
@operation("Privileged acts", answer="Fact", listed=True, query=_QUERY)
async def list_facts(tenant: str) -> Response:
    """Newest first. `as_of_seq` is the number of the last fact."""
    context, asked = ctx(), _asked()
    async with context.reading() as connection:
        with asking.address_read():
            found = await audit.rows(connection, context.tenant.id, asked)
    return listing("audit", found, _shape, COLUMNS)


def _asked() -> AuditFilter:
    return AuditFilter(
        name=text_arg("fact"),
        who=_who(),
        subject=text_arg("subject"),
        address=text_arg("address"),
        since=_time("from"),
        until=_time("to"),
        limit=limit_arg(),
        cursor=cursor_arg(),
    )


def _who() -> int | None:
    value = text_arg("who")
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise refuse("invalid_value", {"field": "who", "code": "wrong_type"})
    return int(value)


def _time(name: str) -> int | None:
    seq, us = bound_arg(name)
    if seq is not None:
        raise refuse("invalid_value", {"field": name, "code": "not_a_time"})
    return us


def _shape(row: AuditRow) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": rfc3339(row.at_us),
        "fact": row.name,
        "subject": row.subject,
        "about": row.about,
        "by": row.by,
        "by_id": row.principal_id,
        "by_kind": row.kind,
        "role": row.role,
        "address": row.address or None,
        "session": row.proof or None,
        "body": dict(row.body),
        "words": dict(row.words),
        "hash": row.hash.hex(),
    }
