"""Tokens, links and letters go when they can no longer open anything and nobody asks for them; what may still be used stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from jobs import clean_letters, clean_sign_ins
from jobs.job import Pool
from jobs.registry import JOBS
from tests.jobs.runners import did, make_due, ran
from tests.people import World

ENDING = ("machine_tokens", "denied_tokens", "sign_in_attempts", "sign_ups", "resets")
"""Tables whose rows end at `expires_at` and go a day later."""
NOBODYS = 0


class Ago(timedelta):
    """A time so long before now, by the database's clock."""


@pytest.fixture
async def issuer(hand: asyncpg.Connection, world: World) -> int:
    """An issuer that Alice's company trusts."""
    return await _put(
        hand,
        "trusted_issuers",
        returning="id",
        tenant_id=world.alice.tenant.id,
        issuer="https://tokens.example",
        audience="onhand",
        algorithm="ES256",
        tenant_claim="tenant",
        role_claim="role",
        roles="{}",
    )


@pytest.mark.parametrize("table", ENDING)
async def test_goes_a_day_after_its_end(pool: Pool, hand: asyncpg.Connection, world: World, issuer: int, table: str) -> None:
    for number, hours in enumerate((-1, 23, 25, 1_000)):
        await _ending(hand, world, issuer, table, number, hours)
    work = clean_letters.clean_letters if table in ("sign_ups", "resets") else clean_sign_ins.clean_sign_ins
    run = await ran(pool, work)
    assert sum(run.total.values()) == 2
    left = await hand.fetch(f"SELECT expires_at > now() - interval '1 day' AS young FROM {table}")
    assert [row["young"] for row in left] == [True, True]


@pytest.mark.parametrize(
    ("accepted_d", "revoked_d", "expires_d", "stays"),
    [
        (None, None, -7, True),  # open
        (None, None, 89, True),
        (None, None, 91, False),
        (91, None, -7, False),
        (89, None, 80, True),
        (None, 91, 85, False),
        (None, 1, -6, True),
    ],
)
async def test_an_invitation_goes_ninety_days_after_it_was_answered(
    pool: Pool, hand: asyncpg.Connection, world: World, accepted_d: int | None, revoked_d: int | None, expires_d: int, stays: bool
) -> None:
    await _put(
        hand,
        "invitations",
        tenant_id=world.carol.tenant.id,
        email="dana@example.com",
        role=1,
        language="en",
        token_hash=b"x",
        invited_by=world.carol.actor.principal_id,
        created_at=Ago(days=200),
        accepted_at=accepted_d and Ago(days=accepted_d),
        revoked_at=revoked_d and Ago(days=revoked_d),
        expires_at=Ago(days=expires_d),
    )
    run = await ran(pool, clean_letters.clean_letters)
    assert run.total["invitations"] == (0 if stays else 1)
    assert await hand.fetchval("SELECT count(*) FROM invitations") == (1 if stays else 0)


async def test_a_letter_goes_after_thirty_days_unless_it_still_waits(pool: Pool, hand: asyncpg.Connection, world: World) -> None:
    for state, days in (("sent", 31), ("sent", 29), ("failed", 31), ("failed", 29), ("queued", 31)):
        await _letter(hand, world.alice.tenant.id, state, days)
    run = await ran(pool, clean_letters.clean_letters)
    assert {tenant: dict(counts) for tenant, counts in run.news.items()} == {world.alice.tenant.id: {"letters": 2}}
    left = await hand.fetch("SELECT state FROM mails ORDER BY state")
    assert [row["state"] for row in left] == ["failed", "queued", "sent"]


async def test_what_belongs_to_no_company_is_told_to_none(pool: Pool, hand: asyncpg.Connection, world: World, issuer: int) -> None:
    await _ending(hand, world, issuer, "sign_ups", 1, 25)
    await _letter(hand, NOBODYS, "sent", 31)
    await _letter(hand, world.carol.tenant.id, "sent", 31)
    own = next(each for each in JOBS if each.name == "clean_letters")
    await make_due(pool, own)
    assert [each.state for each in await did(pool, own)] == ["done"]
    told = await hand.fetch("SELECT tenant_id, counts::text FROM job_results")
    assert [tuple(row) for row in told] == [(world.carol.tenant.id, '{"letters": 1}')]
    assert await hand.fetchval("SELECT progress::text FROM job_runs WHERE job = 'clean_letters'") == '{"links": 1, "letters": 2}'


@pytest.mark.parametrize("table", [*ENDING, "invitations", "mails"])
async def test_jobs_neither_read_nor_take_what_is_in_use(
    pool: Pool, hand: asyncpg.Connection, world: World, issuer: int, table: str
) -> None:
    """Not even in a transaction that names the company."""
    if table in ENDING:
        await _ending(hand, world, issuer, table, 1, -1)
    elif table == "mails":
        await _letter(hand, world.alice.tenant.id, "queued", 1)
    tenant = NOBODYS if table == "sign_ups" else world.alice.tenant.id
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
        assert await connection.execute(f"DELETE FROM {table}") == "DELETE 0"
    secret = {"mails": "sealed", "sign_in_attempts": "state_hash", "denied_tokens": "jti"}.get(table, "token_hash")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.fetch(f"SELECT {secret} FROM {table}")


async def _ending(hand: asyncpg.Connection, world: World, issuer: int, table: str, number: int, hours: float) -> None:
    """A row that ended so many hours ago."""
    alice, name = world.alice, f"{number}"
    row: dict[str, Any] = {
        "machine_tokens": {"token_hash": name.encode(), "principal_id": alice.actor.principal_id, "issuer_id": issuer, "role": 1},
        "denied_tokens": {"issuer_id": issuer, "jti": name},
        "sign_in_attempts": {"state_hash": name.encode(), "browser_hash": b"", "onward": "/"},
        "sign_ups": {"token_hash": name.encode()}
        | dict.fromkeys(("email", "person", "slug", "name", "time_zone", "language", "currency"), "x"),
        "resets": {"token_hash": name.encode(), "principal_id": alice.actor.principal_id},
    }[table]
    tenant = NOBODYS if table == "sign_ups" else alice.tenant.id
    await _put(hand, table, tenant_id=tenant, expires_at=Ago(hours=hours), **row)


async def _letter(hand: asyncpg.Connection, tenant: int, state: str, days: float) -> None:
    said = {"message_id": "x", "recipient": "dana@example.com", "kind": "reset", "language": "en", "state": state}
    await _put(hand, "mails", tenant_id=tenant, due_at=Ago(days=days), created_at=Ago(days=days), **said)


async def _put(hand: asyncpg.Connection, table: str, returning: str = "NULL", **row: Any) -> Any:
    row = {name: value for name, value in row.items() if value is not None}
    slots = [f"now() - ${n}::interval" if isinstance(value, Ago) else f"${n}" for n, value in enumerate(row.values(), 1)]
    return await hand.fetchval(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(slots)}) RETURNING {returning}", *row.values())
