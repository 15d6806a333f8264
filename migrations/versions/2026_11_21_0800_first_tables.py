"""First tables, row security, and the one statement that commits stock."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "2026_11_21_0800"
down_revision = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    # Scripts of several statements go through the driver itself: the prepared path takes one at a time.
    adapted = op.get_bind().connection.dbapi_connection
    for name in ("0001_tables.sql", "0001_security.sql", "0001_stock_commit.sql", "0001_stock_reads.sql"):
        script = (_SQL / name).read_text()
        adapted.run_async(lambda driver, script=script: driver.execute(script))


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first tables: drop the database instead")
