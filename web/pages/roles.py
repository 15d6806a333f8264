"""Roles: what each may do, in plain words."""

from __future__ import annotations

from quart import Blueprint, Response

from web import respond, rights
from web.access import ANYONE_HERE, allow

pages = Blueprint("roles", __name__, url_prefix="/t/<tenant>/roles")


@pages.get("")
@allow(ANYONE_HERE)
async def show(tenant: str) -> Response:
    """The matrix, made of the roles and the routes themselves."""
    return await respond.page("keys/roles.html", rights=rights.matrix(), roles=rights.role_labels())
