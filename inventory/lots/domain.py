"""Rules of lots and serial numbers. Pure."""

from __future__ import annotations

import re

_CODE = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)


def is_lot_code(code: str) -> bool:
    """What may stand on a label: printable ASCII without spaces, up to 64."""
    return _CODE.fullmatch(code) is not None
