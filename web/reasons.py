"""Reasons that the product itself writes into the ledger, in words: the engine and the till have no language, whoever reads them has."""

from __future__ import annotations

from quart_babel import gettext, lazy_gettext

from inventory.ledger.domain import LATE
from inventory.ledger.reconcile import REASON as RECONCILED

_ = lazy_gettext

OURS = {
    LATE: _("recorded after it left"),
    RECONCILED: _("reconciled with the ledger"),
    "rebuilt from the ledger": _("rebuilt from the ledger"),
    "return": _("return"),
}
"""By the text in the ledger. What a person typed is shown as it was typed."""
OFFLINE = "sold offline by "
"""What a till writes before the name of whoever sold without a connection."""


def reason(text: str) -> str:
    """A reason in the reader's language."""
    if text.startswith(OFFLINE):
        return gettext("sold offline by %(person)s", person=text.removeprefix(OFFLINE))
    return str(OURS.get(text, text))
