"""What is wrong with a CSV file that was looked at, for the page that shows it line by line."""

from __future__ import annotations

from typing import Any

from web import errors
from web.forms import Form


def complaints_of(form: Form) -> list[dict[str, Any]]:
    """What was refused of the file, line by line. A refusal of the file as a whole becomes the form's problem instead."""
    refusal = form.refusal
    if refusal is None:
        return []
    if refusal.code == "file_refused":
        return list(errors.problem(refusal)["errors"])
    form.errors = {"": errors.say(refusal).detail}
    return []
