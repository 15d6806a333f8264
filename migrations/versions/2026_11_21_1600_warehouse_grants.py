"""Warehouse grants: people and keys that see and move the stock of some warehouses only."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "2026_11_21_1600"
down_revision = "2026_11_21_1505"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    driver = op.get_bind().connection.dbapi_connection
    script = (_SQL / "0010_warehouse_grants.sql").read_text()
    driver.run_async(lambda connection: connection.execute(script))


def downgrade() -> None:
    raise NotImplementedError("the program before this one runs on this schema as it is: nothing needs undoing")
