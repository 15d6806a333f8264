"""Stock under way between warehouses, and how many reservations somebody has open."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "2026_11_21_1340"
down_revision = "2026_11_21_1330"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    driver = op.get_bind().connection.dbapi_connection
    for name in ("0006_transfers.sql", "0006_stock_commit.sql"):
        script = (_SQL / name).read_text()
        driver.run_async(lambda connection, script=script: connection.execute(script))


def downgrade() -> None:
    # What is under way would be forgotten while the ledger still counts it.
    raise NotImplementedError("the ledger's transfers cannot be dropped: go back to a copy of before instead")
