"""`onhand replay FILE`: play a sales export through the tills of a running Onhand and prove the result.

Exit 0: done and proven; 1: something differs, or it could not go on; 2: it could not begin; 130: stopped, and may be begun again.
"""

from __future__ import annotations

import json
import math
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.sales.drive import interruptible
from app.sales.journey import STOPPED, Journey
from app.sales.rest import Stuck, Target
from app.settings import CannotStart, Settings

ROLES = ("manager", "admin")
"""Whose key of the demo is taken: the first that may make items and move stock."""


def main(args: Namespace) -> int:
    """Replay `args.file` at `args.speed`, into the demo company unless `args.url`, `tenant` and `key` name another."""
    var = Settings.from_env(os.environ).var
    speed = days_per_second(args.speed)
    journey = Journey(target(var, args.url, args.tenant, args.key), Path(args.file), var / "replay", speed)
    interruptible()
    try:
        return journey.run()
    except Stuck as problem:
        print(f"{problem}\nWhat was done is done: run the same command again to go on from there.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return STOPPED


def days_per_second(text: str) -> float:
    """Days of sales per second; 0 for as fast as it goes. Raises CannotStart."""
    if text == "max":
        return 0.0
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 < days < math.inf:
        raise CannotStart(f"The speed is max, or a number of days per second such as 7: not {text}.")
    return days


def target(var: Path, url: str | None, tenant: str | None, key: str | None, roles: Sequence[str] = ROLES) -> Target:
    """Where to go: what was said, else what the demo's file says, with the key of the first of `roles`. Raises CannotStart."""
    demo = _demo(var / "demo.json")
    tenant = tenant or demo.get("tenant")
    key = key or _key_of(demo, tenant, roles)
    url = (url or demo.get("url") or "").rstrip("/")
    if not (url and tenant and key):
        raise CannotStart(f"There is no demo company in {var / 'demo.json'}: start Onhand (make run), or say --url, --tenant and --key.")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotStart(f"--url must be an address like http://127.0.0.1:8000, not {url}.")
    return Target(url, tenant, key)


def _demo(path: Path) -> dict[str, Any]:
    try:
        demo = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return demo if isinstance(demo, dict) else {}


def _key_of(demo: dict[str, Any], tenant: str | None, roles: Sequence[str]) -> str | None:
    companies = [company for company in (demo, demo.get("other_tenant") or {}) if company.get("tenant") == tenant]
    keys = {each["role"]: each["key"] for company in companies for each in company.get("api_keys", ())}
    return next((keys[role] for role in roles if role in keys), None)
