"""Invoices of suppliers."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "2026_11_30_1955"
down_revision = "2026_11_30_1952"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    driver = op.get_bind().connection.dbapi_connection
    script = (_SQL / "0026_invoices.sql").read_text()
    driver.run_async(lambda connection: connection.execute(script))


def downgrade() -> None:
    raise NotImplementedError("the program before this one runs on this schema as it is: nothing needs undoing")
