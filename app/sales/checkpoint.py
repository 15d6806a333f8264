"""Where a replay got to, kept in a file so that the next start need not ask about everything again.

It only saves time. The keys decide what was done: without the file, or with one of another database, the replay begins at the
first event and is answered from the record.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Checkpoint:
    """`done` events of the plan are finished, those in `refused` were refused (number -> reason). `chain` names the ledger."""

    url: str = ""
    tenant: str = ""
    chain: str = ""
    warehouses: list[str] = field(default_factory=list)
    done: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def load(path: Path, url: str, tenant: str) -> Checkpoint:
    """What was kept for this server and company; a fresh one when there is none, or none that can be read."""
    try:
        kept = json.loads(path.read_text())
        found = Checkpoint(**{**kept, "refused": {int(number): why for number, why in kept["refused"].items()}})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Checkpoint(url, tenant)
    return found if (found.url, found.tenant) == (url, tenant) else Checkpoint(url, tenant)


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Keep it, completely or not at all."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(checkpoint)))
    draft.replace(path)
