"""Whether an answer is right: what was asked is what was done, and a refusal has a reason that holds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from loadtests.scenarios.books import Command
from loadtests.scenarios.company import Json

CREATES = ("reserve", "transfer")
REFUSES = {"reserve": "insufficient_stock", "transfer": "insufficient_stock", "adjust": "version_conflict"}
"""The one refusal that each verb may meet in these scenarios."""


def complaint(command: Command, status: int, body: Json) -> str:
    """What is wrong with the answer to a command; empty when nothing is."""
    if status == 409 and body.get("code") == REFUSES.get(command.verb):
        return _unfounded(command, body)
    if status != (201 if command.verb in CREATES else 200):
        return f"{status or 'no answer'} {body.get('code') or body.get('detail') or ''}".strip()
    if not isinstance(body.get("seq"), int):
        return "the answer has no seq"
    return _LOOKS.get(command.verb, _movements)(command, body)


def _unfounded(command: Command, body: Json) -> str:
    """A refusal must name lines of ours, and a shortage or a difference that is one."""
    facts = body.get("errors") or []
    if not facts:
        return "the refusal names no line"
    for fact in facts:
        if fact.get("sku") not in {sku for sku, _, _ in command.lines}:
            return f"the refusal is about {fact.get('sku')}"
        if command.verb == "adjust":
            wrong = fact.get("expected") == fact.get("actual")
        else:
            wrong = not int(fact["available"]) < int(fact["requested"])
        if wrong:
            return f"refused without a reason: {fact}"
    return ""


def _reserved(command: Command, body: Json) -> str:
    held = body["reservation"]
    lines = {(line["sku"], line["warehouse"], int(line["qty"])) for line in held["lines"]}
    if lines != set(command.lines):
        return f"reserved {sorted(lines)} instead of {sorted(command.lines)}"
    return "" if held["status"] == "active" else f"it is {held['status']}"


def _ended(command: Command, body: Json) -> str:
    held, word = body["reservation"], {"commit": "committed", "release": "released"}[command.verb]
    if held["id"] != command.body["reservation"]:
        return f"the answer is about {held['id']}"
    return "" if held["status"] == word else f"it is {held['status']}"


def _shipped(command: Command, body: Json) -> str:
    sent = body["transfer"]
    lines = {(line["sku"], sent["to"], int(line["qty"])) for line in sent["lines"]}
    if lines != set(command.lines) or sent["from"] != command.source:
        return f"shipped {sorted(lines)} from {sent['from']} instead of {sorted(command.lines)} from {command.source}"
    return ""


def _arrived(command: Command, body: Json) -> str:
    sent = body["transfer"]
    return "" if sent["id"] == command.body["transfer"] else f"the answer is about {sent['id']}"


def _movements(command: Command, body: Json) -> str:
    moved = Counter[tuple[str, str]]()
    for row in body["movements"]:
        moved[row["sku"], row["warehouse"]] += int(row["delta_on_hand"])
    asked = Counter[tuple[str, str]]()
    for sku, warehouse, pieces in command.lines:
        asked[sku, warehouse] += pieces
    return "" if moved == asked else f"moved {dict(moved)} instead of {dict(asked)}"


_LOOKS: dict[str, Callable[[Command, Json], str]] = {
    "reserve": _reserved,
    "commit": _ended,
    "release": _ended,
    "transfer": _shipped,
    "transfer/receive": _arrived,
}
