"""`onhand import-orders FILE`: import a delivery history into a running Onhand and prove the result.

Exit 0: done and proven; 1: something differs or was refused, or it could not go on; 2: it could not begin; 130: stopped, and may
be begun again.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

from app.purchases.journey import Journey
from app.replay import target
from app.sales.drive import interruptible
from app.sales.journey import STOPPED
from app.sales.rest import Stuck
from app.settings import Settings

ROLES = ("admin", "manager")
"""Whose key of the demo is taken: the first that may make warehouses, and approve whatever it costs."""


def main(args: Namespace) -> int:
    """Import `args.file`, into the demo company unless `args.url`, `tenant` and `key` name another."""
    var = Settings.from_env(os.environ).var
    journey = Journey(target(var, args.url, args.tenant, args.key, ROLES), Path(args.file), var / "import")
    interruptible()
    try:
        return journey.run()
    except Stuck as problem:
        print(f"{problem}\nWhat was done is done: run the same command again to go on from there.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return STOPPED
