"""The API for programs: one module per resource, strict in what it takes, the same in how it answers.

`incoming` reads requests, `outgoing` answers them, `shapes` spells things, `operation` is what a route says of itself and
`openapi` makes the document of it.
"""

from __future__ import annotations

from quart import Quart

from web.api import (
    audit,
    invoices,
    items,
    jobs,
    keys,
    me,
    metrics,
    openapi,
    people,
    places,
    purchasing,
    replenishment,
    requisitions,
    settings,
    shipping,
    stock,
    suppliers,
    units,
)

_MODULES = (
    stock, items, units, places, suppliers, purchasing, shipping, requisitions, invoices, replenishment, people, keys, audit, settings,
    jobs, me, openapi, metrics,
)  # fmt: skip


def install(app: Quart) -> None:
    """Hang the API into the app."""
    metrics.install(app)
    for module in _MODULES:
        app.register_blueprint(module.routes)
