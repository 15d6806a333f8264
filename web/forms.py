"""Forms: what was typed, what is wrong with it, and the key that makes a resent form have one effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quart import request

from kit.errors import Refusal, Refused, refuse
from kit.ids import token
from kit.text import clean, is_idempotency_key
from web import errors

TEXT_MAX = 200


class Form:
    """One form of a page: `values` as typed, `errors` by field, `key` for the hidden field `_key`."""

    def __init__(self, values: Mapping[str, str] | None = None, key: str = "") -> None:
        self.values: dict[str, str] = dict(values or {})
        self.errors: dict[str, str] = {}
        self.status = 200
        self.key = key or token(16)

    def __getitem__(self, name: str) -> str:
        """What was typed into the field, empty when nothing was."""
        return self.values.get(name, "")

    @property
    def problem(self) -> str:
        """What is wrong with the form as a whole, beside no field."""
        return self.errors.get("", "")

    @property
    def refused(self) -> bool:
        """Whether the form has been refused."""
        return bool(self.errors)

    def text(self, name: str, length_max: int = TEXT_MAX, *, required: bool = True) -> str:
        """The trimmed text of a field. Refuses what is missing, too long or unprintable."""
        value: str = self.read(name, lambda typed: clean(typed, length_max))
        if required and not value:
            raise refuse("value_missing", {"field": name})
        return value

    def read(self, name: str, parse: Callable[[str], Any]) -> Any:
        """The parsed value of a field. What `parse` raises as ValueError is a refusal code, and the field is to blame."""
        try:
            return parse(self[name].strip())
        except ValueError as problem:
            raise refuse("invalid_value", {"field": name, "code": str(problem)}) from None

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed values."""
        if self[name] not in allowed:
            raise refuse("invalid_value", {"field": name})
        return self[name]

    def refuse(self, refusal: Refusal) -> None:
        """Keep what was typed, and say why it was refused.

        A refusal is an outcome stored under the form's key, so what is corrected goes out under a new one. While the answer
        is unknown (503) the key stays: sending again is then safe.
        """
        said = errors.say(refusal)
        self.status = said.status
        self.errors = errors.by_field(refusal)
        if said.status != 503:
            self.key = token(16)


async def typed() -> Form:
    """The form that was sent. Refuses a key that is none of ours."""
    sent = await request.form
    key = sent.get("_key", "")
    if key and not is_idempotency_key(key):
        raise refuse("idempotency_key_invalid", {"field": "_key"})
    return Form({name: value for name, value in sent.items() if not name.startswith("_")}, key)


class refusals_of:  # noqa: N801 - reads as a phrase: `with refusals_of(form): …`
    """Collects a refusal raised inside into the form, so that the page can be shown again."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Refused):
            self._form.refuse(error.refusal)
            return True
        return False
