"""The route that most would write: Quart, a SQLAlchemy session, `SELECT … FOR UPDATE`, look, update, insert, commit.

Run as `python -m loadtests.bench.edge.naive POOL` on the same server program with the same settings of it. It has an index for
everything it looks up, a pool, and no framework beside Quart; the key is looked up in its table, as one does. A repeated
idempotency key is an error of the unique index.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from datetime import datetime

import uvloop
from quart import Quart, Response, jsonify, request
from sqlalchemy import BigInteger, ForeignKey, MetaData, Text, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.processes import end_with_parent
from app.servers import hypercorn
from app.settings import Settings
from app.sockets import bound_socket

SCHEMA = "naive"


class Base(DeclarativeBase):
    """Tables in a schema of their own."""

    metadata = MetaData(schema=SCHEMA)


class ApiKey(Base):
    """Who may come."""

    __tablename__ = "api_keys"

    key_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant: Mapped[str] = mapped_column(Text)


class Balance(Base):
    """What is there and what of it is promised."""

    __tablename__ = "balances"
    __table_args__ = (UniqueConstraint("tenant", "sku", "warehouse"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Text)
    sku: Mapped[str] = mapped_column(Text)
    warehouse: Mapped[str] = mapped_column(Text)
    on_hand: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger)


class Movement(Base):
    """The ledger."""

    __tablename__ = "ledger"
    __table_args__ = (UniqueConstraint("tenant", "key"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    balance_id: Mapped[int] = mapped_column(ForeignKey(f"{SCHEMA}.balances.id"))
    delta_reserved: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


def create_app(url: str, pool: int) -> Quart:
    """The one route, over so many connections to the database."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=pool, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app = Quart("naive")

    @app.post("/v1/<tenant>/stock/reserve")
    async def reserve(tenant: str) -> tuple[Response, int]:
        key = request.headers.get("Idempotency-Key")
        body = await request.get_json()
        async with sessions() as session:
            if not await _may(session, tenant, request.headers.get("Authorization", "")):
                return jsonify(error="unauthorized"), 401
            if not key or not body.get("lines"):
                return jsonify(error="invalid"), 400
            line = body["lines"][0]
            asked = select(Balance).where(
                Balance.tenant == tenant, Balance.sku == line["sku"], Balance.warehouse == line["warehouse"]
            )  # fmt: skip
            balance = (await session.scalars(asked.with_for_update())).one_or_none()
            if balance is None:
                return jsonify(error="not found"), 404
            if balance.on_hand - balance.reserved < line["qty"]:
                return jsonify(error="insufficient stock", available=balance.on_hand - balance.reserved), 409
            balance.reserved += line["qty"]
            movement = Movement(tenant=tenant, key=key, balance_id=balance.id, delta_reserved=line["qty"])
            session.add(movement)
            await session.commit()
        level = {"sku": balance.sku, "warehouse": balance.warehouse, "on_hand": balance.on_hand, "reserved": balance.reserved}
        return jsonify(reservation={"id": movement.id, "lines": [line]}, levels=[level], seq=movement.id), 201

    return app


async def _may(session: AsyncSession, tenant: str, header: str) -> bool:
    hashed = hashlib.sha256(header.removeprefix("Bearer ").encode()).hexdigest()
    key = await session.get(ApiKey, hashed)
    return key is not None and key.tenant == tenant


async def _serve(settings: Settings, url: str, pool: int) -> None:
    bound = bound_socket(settings.host, settings.port)
    bound.setblocking(False)
    await hypercorn.serve(create_app(url, pool), bound, asyncio.Event())


def main() -> None:
    """Serve until told to stop."""
    end_with_parent()
    uvloop.run(_serve(Settings.from_env(os.environ), os.environ["NAIVE_DATABASE_URL"], int(sys.argv[1])))


if __name__ == "__main__":
    main()
