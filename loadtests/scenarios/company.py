"""The companies a run works in, as the file of the demo's sign-ins (`demo.json`) tells them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.sales.rest import Target

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Company:
    """A company, its API keys by role, and one person who signs in; keys and passwords are never shown."""

    url: str
    slug: str
    keys: Mapping[str, str] = field(repr=False)
    person: Mapping[str, str] | None = field(repr=False)

    @property
    def base(self) -> str:
        """The path all of its API begins with."""
        return Target(self.url, self.slug, "").base

    def key(self, role: str) -> str:
        """The key of a role; where only one key is known, that one serves for all."""
        return self.keys.get(role) or next(iter(self.keys.values()))

    def bearer(self, role: str) -> dict[str, str]:
        """The header that says who is asking."""
        return {"Authorization": f"Bearer {self.key(role)}"}

    def target(self, role: str) -> Target:
        """Where and as whom to ask over REST."""
        return Target(self.url, self.slug, self.key(role))


def read(path: Path) -> list[Company]:
    """The companies of a `demo.json`, one or two."""
    demo = json.loads(path.read_text())
    found = [each for each in (demo, demo.get("other_tenant")) if each]
    return [_company(demo["url"], each) for each in found]


def _company(url: str, told: Json) -> Company:
    keys = {each["role"]: each["key"] for each in told["api_keys"]}
    people = {each["role"]: each for each in told.get("users", ())}
    return Company(url.rstrip("/"), told["tenant"], keys, people.get("manager") or next(iter(people.values()), None))
