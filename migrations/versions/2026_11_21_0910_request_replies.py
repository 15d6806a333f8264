"""Answers to requests that change things, kept under their keys."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "2026_11_21_0910"
down_revision = "2026_11_21_0900"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    driver = op.get_bind().connection.dbapi_connection
    script = (_SQL / "0002_request_replies.sql").read_text()
    driver.run_async(lambda connection: connection.execute(script))


def downgrade() -> None:
    op.drop_table("request_replies")
