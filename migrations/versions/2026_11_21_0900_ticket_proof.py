"""Tickets remember what proved their caller."""

from __future__ import annotations

from alembic import op

revision = "2026_11_21_0900"
down_revision = "2026_11_21_0800"


def upgrade() -> None:
    # A ticket lives half a minute: those made before this are dropped rather than filled.
    op.execute("DELETE FROM live_tickets")
    op.execute("ALTER TABLE live_tickets ADD COLUMN proof BYTEA NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE live_tickets DROP COLUMN proof")
