"""How numbers, times and words of the business look on a page: by the reader's language and the company's time zone.

Quantities come in as millionths and leave with the item's own precision: `4.250 kg`, in Russian and Kyrgyz `4,250 кг`. The minus
is a true one, and no line breaks before a unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone
from markupsafe import Markup, escape
from quart import Quart, g
from quart_babel import gettext, lazy_gettext, ngettext

from kit.clock import NEVER, SECOND, from_us, rfc3339, to_us
from kit.ids import invoice_id, order_number, receipt_id, requisition_number, shipment_number
from kit.money import micros, minor_digits, rounded
from kit.quantity import format_qty, parse
from web import deeds, locale
from web.bars import barcode
from web.level import draw
from web.reasons import reason
from web.spark import steps

SPACE = "\u00a0"
"""Between a number and its unit: never broken. The narrow one that print would use has no width to speak of in our typeface."""
MINUS = "\u2212"
UNKNOWN = "\u2013"
SOON = 15 * 60 * SECOND
"""A hold that ends within this is shown with seconds, and in amber."""

_ = lazy_gettext

UNITS = {
    "pcs": _("pcs"),
    "kg": _("kg"),
    "g": _("g"),
    "l": _("l"),
    "ml": _("ml"),
    "m": _("m"),
    "m2": _("m²"),
    "bag": _("bag"),
    "box": _("box"),
    "carton": _("carton"),
    "case": _("case"),
    "pack": _("pack"),
    "pair": _("pair"),
    "pallet": _("pallet"),
    "roll": _("roll"),
    "sack": _("sack"),
    "set": _("set"),
}
"""Units every company starts with, and the packs most goods come in; others are shown as they were named."""

STATES = {"out": _("Out"), "low": _("Low"), "coming": _("On its way"), "over": _("Over max"), "ok": _("OK")}
ROLES = {
    "admin": _("admin"),
    "manager": _("manager"),
    "inventory": _("inventory"),
    "operator": _("operator"),
    "viewer": _("viewer"),
    "billing": _("billing"),
    "supplier": _("supplier"),
    "system": _("system"),
}
DEEDS = {
    "receive": _("Received"),
    "issue": _("Issued"),
    "adjust": _("Put right"),
    "reserve": _("Reserved"),
    "commit": _("Sold"),
    "release": _("Released"),
    "expire": _("Hold ended"),
    "ship": _("Sent"),
    "arrive": _("Arrived"),
    "write_off": _("Written off"),
    "correct": _("Corrected"),
}
ORDER_STATUSES = {
    "draft": _("Draft"),
    "submitted": _("Submitted"),
    "approved": _("Approved"),
    "rejected": _("Rejected"),
    "partially_received": _("Partly received"),
    "received": _("Received"),
    "closed": _("Closed"),
    "cancelled": _("Cancelled"),
}
TERMS = {"extended": _("Extended"), "hardened": _("Made firm")}
_PATTERNS = {
    # language: (an earlier day of this year, the same in narrow places, of another year, the whole day)
    "en": ("EEE d MMM, HH:mm", "d MMM, HH:mm", "d MMM y, HH:mm", "EEEE d MMMM, HH:mm"),
    "ru": ("EE, d MMM, HH:mm", "d MMM, HH:mm", "d MMM y, HH:mm", "EEEE, d MMMM, HH:mm"),
    "ky": ("EE, d-MMM, HH:mm", "d-MMM, HH:mm", "y-'ж'. d-MMM, HH:mm", "EEEE, d-MMMM, HH:mm"),
}
_PATTERNS_CHOSEN = {
    # date format: the same four
    "iso": ("yyyy-MM-dd HH:mm", "MM-dd HH:mm", "yyyy-MM-dd HH:mm", "EEEE yyyy-MM-dd, HH:mm"),
    "dmy": ("dd.MM.yyyy HH:mm", "dd.MM. HH:mm", "dd.MM.yyyy HH:mm", "EEEE dd.MM.yyyy, HH:mm"),
    "mdy": ("MM/dd/yyyy HH:mm", "MM/dd HH:mm", "MM/dd/yyyy HH:mm", "EEEE MM/dd/yyyy, HH:mm"),
}

_TIME_OF_DAY = re.compile(r",? HH:mm$")
_DAYS = {"en": "{day} {month}", "ru": "{day} {month}", "ky": "{day}-{month}"}


def install(app: Quart) -> None:
    """Give the filters to every template, and `marks` for scripts."""
    for each in _FILTERS:
        app.jinja_env.filters[each.__name__] = each
    app.jinja_env.globals["marks"] = marks
    app.jinja_env.tests["soon"] = is_soon


def number(millionths: int | None, decimals: int = 0) -> str:
    """A quantity without its unit: grouped, with at least `decimals` places. Zero is a plain 0, None a dash for unknown."""
    if not millionths:
        return UNKNOWN if millionths is None else "0"
    group, point = _symbols(_number_format())
    whole, _dot, fraction = format_qty(abs(millionths), decimals).partition(".")
    grouped = f"{int(whole):,}".replace(",", group) + (point + fraction if fraction else "")
    return MINUS + grouped if millionths < 0 else grouped


def signed(millionths: int, decimals: int = 0) -> str:
    """A change: `+96`, `−12`, or a plain 0."""
    return f"+{number(millionths, decimals)}" if millionths > 0 else number(millionths, decimals)


def qty(millionths: int | None, code: str, decimals: int = 0) -> str:
    """A quantity with its unit, for sentences: `1,204 pcs`."""
    return f"{number(millionths, decimals)}{SPACE}{unit(code)}"


def unit(code: str) -> str:
    """The short name of a unit."""
    return str(UNITS.get(code, code))


def seq(value: int) -> str:
    """A ledger number: `#184,120`, in Russian and Kyrgyz `№ 184 120`."""
    group, _point = _symbols(_number_format())
    sign = "#" if _language() == "en" else f"№{SPACE}"
    return sign + f"{value:,}".replace(",", group)


def marks() -> dict[str, str]:
    """How scripts write numbers and days. Browsers know few languages well: many have no Kyrgyz at all."""
    language = _language()
    group, point = _symbols(_number_format())
    months = Locale.parse(language).months["format"]["abbreviated"]
    return {"group": group, "point": point, "months": "|".join(months[month] for month in range(1, 13)), "day": _DAYS[language]}


def money(amount: Decimal | None, currency: str | None) -> str:
    """`KGS 118,440.00`, at the currency's minor unit. None is unknown, a dash."""
    if amount is None or currency is None:
        return UNKNOWN
    group, point = _symbols(_number_format())
    whole, _dot, fraction = f"{rounded(amount, currency):,f}".partition(".")
    return f"{currency}{SPACE}{whole.replace(',', group)}" + (point + fraction if fraction else "")


def amount(value: Decimal | None, currency: str) -> str:
    """`118,440.00` beneath a head that names the currency: exact, with the minor digits of the currency at least."""
    return number(None if value is None else micros(value), minor_digits(currency))


def price(value: Decimal | None, currency: str | None) -> str:
    """`KGS 0.0355`: exact, as prices of small things are, with the currency's minor digits at least."""
    return UNKNOWN if value is None or currency is None else f"{currency}{SPACE}{amount(value, currency)}"


def percent(value: float) -> str:
    """`93 %`, with the space that every language of ours puts there."""
    return f"{value:.0f}{SPACE}%"


def plain(millionths: int, decimals: int = 0) -> str:
    """A quantity as programs write it, for forms and scripts."""
    return format_qty(millionths, decimals)


def millionths(text: str) -> int:
    """The quantity in a decimal string, as the facts of a refusal carry it."""
    return parse(text)


def short_time(us: int) -> str:
    """`10:02`, on the company's clock."""
    return _local(us).strftime("%H:%M")


def clock_time(us: int) -> str:
    """`10:02:09`, as the ledger shows it."""
    return _local(us).strftime("%H:%M:%S")


def when(us: int, now_us: int, *, seconds: bool = False, narrow: bool = False) -> str:
    """`10:02` today, `Mon 16 Nov, 14:40` before (narrow: without the weekday), and with the year where that is another one."""
    moment, now = _local(us), _local(now_us)
    if moment.date() == now.date():
        return clock_time(us) if seconds else short_time(us)
    near, short, far, _day = _patterns()
    pattern = far if moment.year != now.year else short if narrow else near
    return format_datetime(moment, pattern + (":ss" if seconds else ""), locale=_language())


def ago(us: int, now_us: int) -> str:
    """Time passed: `5 s ago`, `38 min ago`, `5 h ago`, and after two days the moment itself."""
    seconds = max(0, now_us - us) // SECOND
    if seconds < 120:
        return gettext("%(count)s s ago", count=seconds)
    if seconds < 2 * 3600:
        return gettext("%(count)s min ago", count=seconds // 60)
    if seconds < 48 * 3600:
        return gettext("%(count)s h ago", count=seconds // 3600)
    return when(us, now_us)


def whole_day(us: int) -> str:
    """`Friday 20 November, 10:02`."""
    return format_datetime(_local(us), _patterns()[3], locale=_language())


def day(us: int) -> str:
    """`16 Nov`, on the company's calendar."""
    chosen = {"iso": "MM-dd", "dmy": "dd.MM.", "mdy": "MM/dd"}
    return format_datetime(_local(us), chosen.get(locale.date_format()) or {"ky": "d-MMM"}.get(_language(), "d MMM"), locale=_language())


def calendar_day(of: date | None, now_us: int) -> str:
    """`Mon 16 Nov`, with the year where that is another one; a dash for a day that nobody knows."""
    if of is None:
        return UNKNOWN
    patterns = _patterns()
    pattern = patterns[0] if of.year == _local(now_us).year else patterns[2]
    return format_date(of, _TIME_OF_DAY.sub("", pattern), locale=_language())


def us(moment: datetime) -> int:
    """A moment as microseconds, as the other filters take it."""
    return to_us(moment)


def iso(us: int) -> str:
    """For the `datetime` attribute."""
    return rfc3339(us)


def left(until_us: int, now_us: int) -> str:
    """Time left: `12:48` when the end is in view, else `38 min`, `5 h`, `3 days`."""
    seconds = max(0, until_us - now_us) // SECOND
    if seconds < SOON // SECOND:
        return f"{seconds // 60}:{seconds % 60:02}"
    if seconds < 2 * 3600:
        return gettext("%(count)s min", count=seconds // 60)
    if seconds < 48 * 3600:
        return gettext("%(count)s h", count=seconds // 3600)
    return ngettext("%(num)s day", "%(num)s days", seconds // 86400)


def is_soon(until_us: int, now_us: int) -> bool:
    """Whether a hold ends within a quarter of an hour. A firm one never does."""
    return until_us != NEVER and until_us - now_us < SOON


def num(level: Any, measure: str) -> Markup:
    """A live number of a level: its `measure` named, so that an update finds it. Zero is quiet; nothing available is not."""
    value = getattr(level, measure)
    tone = "" if value else ' class="bad-num"' if measure == "available" else ' class="zero"'
    return Markup(f'<span data-num="{measure}"{tone}>{number(value, level.decimals)}</span>')  # noqa: S704


def level_bar(level: Any) -> Markup:
    """The one picture of stock."""
    return draw(level, level_words(level))


def level_words(level: Any) -> str:
    """What the level bar shows, for those who do not see it."""
    here = {name: number(getattr(level, name), level.decimals) for name in ("on_hand", "reserved", "available")}
    words = [gettext("on hand %(on_hand)s, reserved %(reserved)s, available %(available)s", **here)]
    coming = level.in_transit + level.on_order
    if coming:
        words.append(gettext("coming %(coming)s", coming=number(coming, level.decimals)))
    if level.qty_min:
        words.append(gettext("minimum %(least)s", least=number(level.qty_min, level.decimals)))
    if level.qty_max:
        words.append(gettext("maximum %(most)s", most=number(level.qty_max, level.decimals)))
    return ", ".join(words)


def state(code: str) -> str:
    """The word for the state of stock."""
    return str(STATES[code])


def role(code: str) -> str:
    """The word for a role."""
    return str(ROLES.get(code, code))


def deed(kind: str, note: str = "") -> str:
    """The word for what a ledger row did. A hold that only got another end says so in its note."""
    return str(TERMS[note] if kind == "reserve" and note in TERMS else DEEDS[kind])


def fact(name: str) -> str:
    """The words for a fact."""
    return deeds.fact(name)


def pack(offer: Any, base_unit: str) -> str:
    """What an offer is bought in: `case of 12 pcs`, or just the base unit."""
    if offer.unit is None:
        return unit(base_unit)
    return gettext("%(unit)s of %(count)s", unit=unit(offer.unit), count=qty(offer.pack, base_unit))


def found(text: str, q: str) -> Markup:
    """A text with what was searched for made strong."""
    at = text.lower().find(q.lower()) if q else -1
    if at < 0:
        return escape(text)
    end = at + len(q)
    return Markup("{}<b>{}</b>{}").format(text[:at], text[at:end], text[end:])


def full(level: Any) -> int:
    """How full a place is: percent of its maximum that are on hand. 0 where there is no maximum."""
    return int(100 * level.on_hand // level.qty_max) if level.qty_max else 0


def order_status(label: str) -> str:
    """The word for where a purchase order stands."""
    return str(ORDER_STATUSES[label])


def choices(places: Iterable[Any]) -> list[tuple[str, str]]:
    """What a select offers of things with a code and a name."""
    return [(place.code, place.name) for place in places]


def initials(name: str) -> str:
    """Up to two letters that stand for a person."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def _local(us: int) -> datetime:
    return from_us(us).astimezone(get_timezone(locale.time_zone()))


_FILTERS = (
    number, num, level_bar, signed, qty, unit, seq, money, amount, price, percent, plain, millionths, short_time, clock_time, when, ago,
    whole_day, us, iso, day, calendar_day, left, state, role, deed, fact, reason, found, full, order_status, order_number, receipt_id,
    shipment_number, invoice_id, requisition_number, pack, choices, initials, barcode, steps,
)  # fmt: skip


def _language() -> str:
    """The reader's language, asked once per request: a list has hundreds of numbers."""
    if "language_of_page" not in g:
        g.language_of_page = locale.language()
    found: str = g.language_of_page
    return found


def _number_format() -> str:
    """How the reader writes numbers, asked once per request too."""
    if "number_format_of_page" not in g:
        g.number_format_of_page = locale.number_format()
    found: str = g.number_format_of_page
    return found


def _patterns() -> tuple[str, str, str, str]:
    """How the reader writes moments."""
    return _PATTERNS_CHOSEN.get(locale.date_format()) or _PATTERNS[_language()]


@cache
def _symbols(number_format: str) -> tuple[str, str]:
    """What groups thousands and what separates decimals."""
    found = Locale.parse("en" if number_format == "point" else "ru").number_symbols["latn"]
    return str(found["group"]), str(found["decimal"])
