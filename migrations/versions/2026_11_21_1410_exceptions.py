"""Exceptions: goods that left though the books did not have them, and who looked into it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "2026_11_21_1410"
down_revision = "2026_11_21_1400"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    driver = op.get_bind().connection.dbapi_connection
    script = (_SQL / "0008_exceptions.sql").read_text()
    driver.run_async(lambda connection: connection.execute(script))


def downgrade() -> None:
    raise NotImplementedError("the program before this one runs on this schema as it is: nothing needs undoing")
