"""Forms: what was typed, what is wrong with it, and the key that makes a resent form have one effect."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from quart import request

from inventory.files import SIZE_MAX
from kit import money, quantity
from kit.errors import Fact, Refusal, Refused, refuse
from kit.ids import token
from kit.text import clean, is_idempotency_key
from web import errors, locale

TEXT_MAX = 200
FILE_MAX = 2 * SIZE_MAX
"""Bytes of a CSV file that are read: enough to see that it is too large."""
_BLANKS = str.maketrans({" ": None, "\u00a0": None, "\u202f": None, "\u2009": None, "\u2212": "-"})
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


class Form:
    """One form of a page: `values` as typed, `errors` by field, `key` for the hidden field `_key`."""

    def __init__(self, values: Mapping[str, str] | None = None, key: str = "") -> None:
        self.values: dict[str, str] = dict(values or {})
        self.errors: dict[str, str] = {}
        self.status = 200
        self.key = key or token(16)
        self.refusal: Refusal | None = None

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
        return self.read_value(name, self[name].strip(), parse)

    def read_value(self, name: str, value: str, parse: Callable[[str], Any]) -> Any:
        """Like `read`, for a value made from what was typed."""
        try:
            return parse(value)
        except ValueError as problem:
            raise refuse("invalid_value", {"field": name, "code": str(problem)}) from None

    def whole(self, name: str) -> int:
        """A whole number that the page itself put into the form."""
        if not re.fullmatch(r"\d{1,9}", self[name], re.ASCII):
            raise refuse("invalid_value", {"field": name})
        return int(self[name])

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed values."""
        if self[name] not in allowed:
            raise refuse("invalid_value", {"field": name})
        return self[name]

    def quantity(self, name: str) -> str:
        """A quantity as typed, in the way the engine reads it."""
        value = as_number(self.text(name, 40), locale.number_format())
        self.read_value(name, value, quantity.parse)
        return value

    def amount(self, name: str) -> str:
        """An amount of money as typed, in the same way."""
        value = as_number(self.text(name, 40), locale.number_format())
        self.read_value(name, value, money.parse)
        return value

    def reword(self, shown: Callable[[Fact], Fact]) -> None:
        """Say the refusal again with its facts as `shown` makes them: names for codes, numbers as the reader writes them."""
        if self.refusal is not None:
            errors_shown = tuple(shown(error) for error in self.refusal.errors)
            self.errors = errors.by_field(replace(self.refusal, errors=errors_shown))

    def blame(self, line: str, **renamed: str) -> None:
        """Say beside which field of this form a refusal belongs: `line` for what is wrong with the one line it makes."""
        for field in list(self.errors):
            of_line = not field and self.refusal is not None and any("line" in error for error in self.refusal.errors)
            here = line if of_line else renamed.get(re.sub(r"[.-]", "_", field), field)
            if here != field:
                self.errors.setdefault(here, self.errors.pop(field))

    def blame_lines(self, fields: Sequence[str], shown: Callable[[Fact], Fact] = dict) -> None:
        """Say beside which fields the lines of a refused command belong: `fields` in the order of its lines, `shown` as in `reword`."""
        for error in self.refusal.errors if self.refusal else ():
            line = error.get("line")
            if isinstance(line, int) and line < len(fields):
                one = Refusal(str(error.get("code", self.refusal.code if self.refusal else "")), (shown(error),))
                self.errors.setdefault(fields[line], errors.say(one).detail)
        if any(self.errors.get(field) for field in fields):
            self.errors = {field: said for field, said in self.errors.items() if field in self.values or field in fields}

    def refuse(self, refusal: Refusal) -> None:
        """Keep what was typed, and say why it was refused.

        A refusal is an outcome stored under the form's key, so what is corrected goes out under a new one. While the answer
        is unknown (503) the key stays: sending again is then safe.
        """
        said = errors.say(refusal)
        self.status = said.status
        self.refusal = refusal
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


async def take_csv(form: Form) -> None:
    """The text of the file that was sent along, as the form's `csv`; one that was looked at before comes as text. Refuses `not_utf8`.

    Letters of other encodings are not guessed: a wrong guess would be written into every name.
    """
    sent = (await request.files).get("file")
    if sent and not form["csv"]:
        try:
            form.values["csv"] = sent.read(FILE_MAX).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise refuse("not_utf8", {"field": "file"}) from None


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


def as_number(typed: str, number_format: str) -> str:
    """A number as people write it (`comma` or `point`), in the one way we read it.

    With `comma`, as in Russian and Kyrgyz, it is the decimal point: `1 204,5` is 1204.5. With `point`, as in English, a comma
    groups thousands, and only where it can: `1,204` is 1204, while `2,5` stays as it is and is refused rather than guessed.
    """
    plain = typed.translate(_BLANKS)
    if number_format == "comma":
        return plain.replace(",", ".")
    return plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain


def as_typed(plain: str) -> str:
    """A plain decimal text as the reader would type it: what fills a field that is read by `as_number` again."""
    return plain.replace(".", ",") if locale.number_format() == "comma" else plain
