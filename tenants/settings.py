"""What a company may choose, and what a person may choose for themselves. Typed, bounded, with a default for each; pure.

A company keeps only what differs from the defaults, so a better default reaches everybody who never chose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from kit.errors import Fact, Refusal
from kit.text import clean

Value = str | int
LANGUAGES = ("en", "ru", "ky")
DATE_FORMATS = ("auto", "iso", "dmy", "mdy")
NUMBER_FORMATS = ("auto", "point", "comma")
ON_OFF = ("off", "on")
SECOND_FACTOR = ("nobody", "admins", "everyone")
NAME_LENGTH_MAX = 200
SESSION_LONGEST_MAX = timedelta(days=30)
SESSION_IDLE_MAX = timedelta(days=7)
"""No company may let an unused session live longer."""
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to choose. `kind`: `text`, `zone`, `currency`, `choice` (one of `allowed`) or `whole` (`low` to `high`, in `unit`).
    `fixed`: shown with its reason, and cannot be changed. A setting of the company's own row has no default to go back to."""

    name: str
    group: str
    kind: str
    default: Value | None = None
    allowed: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    unit: str = ""
    fixed: bool = False

    def problem(self, value: Any) -> Fact | None:
        """What is wrong with a value, None when it may be chosen."""
        if self.fixed:
            return None if value == self.default else {"code": "setting_fixed"}
        if self.kind == "whole":
            if isinstance(value, bool) or not isinstance(value, int):
                return {"code": "wrong_type"}
            return None if self.low <= value <= self.high else {"code": "not_between", "min": self.low, "max": self.high}
        if not isinstance(value, str):
            return {"code": "wrong_type"}
        return _TEXTS[self.kind](self, value)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a company has chosen, or the defaults. Lengths of holds are in seconds."""

    date_format: str = "auto"
    number_format: str = "auto"
    hold_default_s: int = 900
    hold_max_s: int = 604_800
    over_receipt_percent: int = 0
    approval_limit: int = 0
    order_four_eyes: str = "off"
    invoice_qty_percent: int = 0
    invoice_amount_percent: int = 0
    negative_stock: str = "off"
    session_idle_minutes: int = 720
    session_longest_hours: int = 168
    second_factor: str = "nobody"

    @property
    def session_idle(self) -> timedelta:
        """A session unused for so long has ended. By default a shift and its breaks."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_longest(self) -> timedelta:
        """A session ends then even when it is used every minute."""
        return timedelta(hours=self.session_longest_hours)

    def asks_second_factor(self, *, admin: bool) -> bool:
        """Whether somebody has to bring more than a password."""
        return self.second_factor == "everyone" or (self.second_factor == "admins" and admin)

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> Settings:
        """From what is stored. What a newer or older program has left there and this one cannot use is as if never chosen."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in chosen.items() if name in known and BY_NAME[name].problem(value) is None})


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person has chosen for themselves; None is as the company has it."""

    time_zone: str | None = None
    date_format: str | None = None
    number_format: str | None = None

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> Choices:
        """From what is stored."""
        return cls(**{name: chosen[name] for name in _OF_PERSON if chosen.get(name) and BY_NAME[name].problem(chosen[name]) is None})

    def refusal(self) -> Refusal | None:
        """Why these cannot be chosen."""
        wrong = [_blamed(name, getattr(self, name)) for name in _OF_PERSON if getattr(self, name) is not None]
        found = tuple(each for each in wrong if each is not None)
        return Refusal("invalid_body", found) if found else None


NOTHING_CHOSEN = Settings()
AS_THE_COMPANY = Choices()
SETTINGS: tuple[Setting, ...] = (
    Setting("name", "company", "text"),
    Setting("time_zone", "company", "zone"),
    Setting("language", "company", "choice", allowed=LANGUAGES),
    Setting("currency", "company", "currency"),
    Setting("date_format", "formats", "choice", "auto", DATE_FORMATS),
    Setting("number_format", "formats", "choice", "auto", NUMBER_FORMATS),
    Setting("hold_default_s", "stock", "whole", 900, low=60, high=604_800, unit="s"),
    Setting("hold_max_s", "stock", "whole", 604_800, low=60, high=604_800, unit="s"),
    Setting("negative_stock", "stock", "choice", "off", ("off",), fixed=True),
    Setting("over_receipt_percent", "buying", "whole", 0, low=0, high=100, unit="%"),
    Setting("approval_limit", "buying", "whole", 0, low=0, high=1_000_000_000),
    Setting("order_four_eyes", "buying", "choice", "off", ON_OFF),
    Setting("invoice_qty_percent", "buying", "whole", 0, low=0, high=100, unit="%"),
    Setting("invoice_amount_percent", "buying", "whole", 0, low=0, high=100, unit="%"),
    Setting("session_idle_minutes", "security", "whole", 720, low=5, high=SESSION_IDLE_MAX // timedelta(minutes=1), unit="min"),
    Setting("session_longest_hours", "security", "whole", 168, low=1, high=720, unit="h"),
    Setting("second_factor", "security", "choice", "nobody", SECOND_FACTOR),
)
"""In the order of the page. The first group is the company's own row, all else is kept beside it."""
BY_NAME = {each.name: each for each in SETTINGS}
OF_COMPANY = tuple(each.name for each in SETTINGS if each.group == "company")
_OF_PERSON = ("time_zone", "date_format", "number_format")


def refusal(before: Mapping[str, Value], wanted: Mapping[str, Value | None], *, currency_is_used: bool) -> Refusal | None:
    """Why settings cannot be changed from `before` to what is `wanted` (None: back to the default), all reasons at once."""
    wrong = [each for each in (_blamed(name, value) for name, value in wanted.items()) if each is not None]
    after = {**before, **{name: value for name, value in wanted.items() if value is not None}}
    after |= {name: BY_NAME[name].default for name, value in wanted.items() if value is None and name in BY_NAME}  # type: ignore[misc]
    if not wrong and after["hold_default_s"] > after["hold_max_s"]:  # type: ignore[operator]
        wrong.append({"field": "hold_default_s", "code": "hold_default_over_max"})
    if wrong:
        return Refusal("invalid_body", tuple(wrong))
    if currency_is_used and after["currency"] != before["currency"]:
        return Refusal("currency_fixed", ({"field": "currency", "currency": before["currency"]},))
    return None


def _blamed(name: str, value: Value | None) -> Fact | None:
    setting = BY_NAME.get(name)
    if setting is None:
        return {"field": name[:64], "code": "unknown_field"}
    if value is None:
        return {"field": name, "code": "value_missing"} if setting.default is None else None
    problem = setting.problem(value)
    return None if problem is None else {"field": name, **problem}


def _text(setting: Setting, value: str) -> Fact | None:
    try:
        return None if clean(value, NAME_LENGTH_MAX) else {"code": "value_missing"}
    except ValueError as problem:
        return {"code": str(problem)}


def _zone(setting: Setting, value: str) -> Fact | None:
    return None if value in available_timezones() else {"code": "unknown_time_zone"}


def _currency(setting: Setting, value: str) -> Fact | None:
    return None if _CURRENCY.fullmatch(value) else {"code": "not_a_currency"}


def _choice(setting: Setting, value: str) -> Fact | None:
    return None if value in setting.allowed else {"code": "not_a_choice", "allowed": list(setting.allowed)}


_TEXTS = {"text": _text, "zone": _zone, "currency": _currency, "choice": _choice}
