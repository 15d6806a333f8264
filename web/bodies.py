"""How much a request may bring: little, but for those that put a file somewhere."""

from __future__ import annotations

import re
from typing import Any

from quart import Quart, Request

from inventory.purchasing.files import SIZE_MAX

FILE_BODY_MAX = SIZE_MAX + 64 * 1024
"""Bytes: a file of the largest size and the form around it."""
_TAKES_FILES = re.compile(r"/t/[^/]+/purchasing/orders/[^/]+/files")


class SizedRequest(Request):
    """A request whose limit depends on where it goes."""

    def __init__(self, method: str, scheme: str, path: str, *told: Any, max_content_length: int | None = None, **more: Any) -> None:
        takes_file = method == "POST" and _TAKES_FILES.fullmatch(path) is not None
        super().__init__(method, scheme, path, *told, max_content_length=FILE_BODY_MAX if takes_file else max_content_length, **more)
        if takes_file:
            self.max_content_length = FILE_BODY_MAX


def install(app: Quart) -> None:
    """Have the app take requests like this."""
    app.request_class = SizedRequest
