"""The belt behind the composite keys: what Postgres itself lets one company see and do.

The first part reads the catalogue, so a table that is added later without its policy, or with a key that forgets the
company, fails here before anybody writes a query against it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.tables import metadata
from db.engine import make_engine
from db.tenancy import set_tenant
from tests.conftest import Database
from tests.people import World

OUTSIDE_TENANTS = {"alembic_version", "job_schedules", "job_runs"}
"""Tables that belong to no company. `tenants` itself has a policy of its own. Jobs work for all companies: their schedules and runs
name none, and what a run did for one is in `job_results`."""
TENANT_TABLES = sorted(name for name, table in metadata.tables.items() if "tenant_id" in table.c)
SWEPT_TABLES = {
    "stock_partitions", "stock_holds", "stock_proofs", "stock_tallies", "stock_stale", "fact_heads", "purchase_order_lines",
}  # fmt: skip
"""What the engine, and nobody else, may look through for all companies: heads, how far they are proven and tallied, holds that ran
out, orders that it has not counted."""
ROUND_TABLES = {"mails"}
"""What the web's role may look through for all companies, in a transaction that says so: which letters wait. Their words are sealed."""
PLACED_TABLES = {
    "item_limits", "locations", "purchase_order_files", "purchase_order_lines", "purchase_orders", "purchase_receipts",
    "requisition_lines", "requisitions", "shipment_lines", "shipments", "stock_balances", "stock_buckets", "stock_holds",
    "stock_ledger", "stock_slices", "stock_state_counts", "stock_states", "stock_totals", "stock_transfers", "supplier_invoice_lines",
    "supplier_invoices", "warehouses",
}  # fmt: skip
"""What lies in a warehouse: whoever is limited to some of them reads no rows of others."""
SWEPT_WHEN_OLD = {
    "stock_replies", "request_replies", "sessions", "live_tickets", "api_keys", "job_results", "machine_tokens", "denied_tokens",
    "sign_in_attempts", "sign_ups", "resets", "invitations", "mails",
}  # fmt: skip
"""What jobs may take away, from all companies at once, when it is old: `tests/jobs/test_sweeping.py` and `test_clearing.py` say how old."""
OWN_ROWS = "(tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::integer))"


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may read the catalogue."""
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()


async def test_every_table_is_a_tenants_or_known_not_to_be(owner: asyncpg.Connection) -> None:
    found = await owner.fetch(
        "SELECT c.relname, c.oid IN (SELECT attrelid FROM pg_attribute WHERE attname = 'tenant_id' AND NOT attisdropped) AS tenants "
        "FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'v')"
    )
    homeless = {row["relname"] for row in found if not row["tenants"]} - OUTSIDE_TENANTS - {"tenants"}
    assert homeless == set(), "give the table a tenant_id, or add it to OUTSIDE_TENANTS with a reason"
    assert sorted(row["relname"] for row in found if row["tenants"]) == TENANT_TABLES


@pytest.mark.parametrize("table", ["tenants", *TENANT_TABLES])
async def test_row_security_is_on_even_for_the_owner(owner: asyncpg.Connection, table: str) -> None:
    row = await owner.fetchrow("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass", table)
    assert row is not None
    assert tuple(row) == (True, True)


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_the_policy_binds_reading_and_writing_to_the_tenant(owner: asyncpg.Connection, table: str) -> None:
    policies = await owner.fetch("SELECT * FROM pg_policies WHERE schemaname = 'public' AND tablename = $1", table)
    for_all = [row for row in policies if row["roles"] == ["public"] and row["permissive"] == "PERMISSIVE"]
    said = [(row["cmd"], row["permissive"], _plain(row["qual"]), _plain(row["with_check"])) for row in for_all]
    assert said == [("ALL", "PERMISSIVE", OWN_ROWS, OWN_ROWS)]
    others = {(row["policyname"], *row["roles"], row["cmd"], row["permissive"]) for row in policies if row not in for_all}
    placed = {("of_warehouses", "onhand_app", "SELECT", "RESTRICTIVE")} if table in PLACED_TABLES else set()
    assert placed <= others
    for_engine = {("of_engine", "onhand_engine", "SELECT", "PERMISSIVE")} if table in SWEPT_TABLES else set()
    carried = {("of_post", "onhand_app", "SELECT", "PERMISSIVE")} if table in ROUND_TABLES else set()
    old_only = {("old_seen", "onhand_engine", "SELECT", "PERMISSIVE"), ("old_goes", "onhand_engine", "DELETE", "PERMISSIVE")}
    permitted = {row for row in others - placed if row[-1] == "PERMISSIVE"}
    assert permitted <= for_engine | carried | (old_only if table in SWEPT_WHEN_OLD else set())


async def test_every_table_of_warehouses_ends_at_those_of_the_transaction(owner: asyncpg.Connection) -> None:
    found = await owner.fetch(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'warehouse_id'"
    )
    assert {row["table_name"] for row in found} | {"warehouses"} == PLACED_TABLES | {"warehouse_grants"}


@pytest.mark.parametrize("table", sorted(SWEPT_WHEN_OLD))
async def test_what_jobs_may_delete_is_bounded_once_more(owner: asyncpg.Connection, table: str) -> None:
    """The permissive policy lets them see and delete what is old; a company's own policy would let them delete all of its rows,
    were it not for the restrictive one, which says the same again."""
    policies = await owner.fetch("SELECT * FROM pg_policies WHERE schemaname = 'public' AND tablename = $1", table)
    said = {row["policyname"]: (row["permissive"], row["cmd"], row["qual"]) for row in policies}
    assert said["young_stays"][:2] == ("RESTRICTIVE", "DELETE")
    assert said["young_stays"][2] == said["old_goes"][2] == said["old_seen"][2]


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_every_key_begins_with_the_tenant(owner: asyncpg.Connection, table: str) -> None:
    """Unique checks ignore row security, so a unique key without the tenant would tell one company of another's rows."""
    keys = await owner.fetch(
        "SELECT i.indexrelid::regclass::text AS name, a.attname AS first FROM pg_index i JOIN pg_attribute a "
        "ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = $1::regclass AND i.indisunique",
        table,
    )
    assert keys
    assert [row["name"] for row in keys if row["first"] != "tenant_id"] == []


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_every_foreign_key_stays_inside_the_tenant(owner: asyncpg.Connection, table: str) -> None:
    """Foreign keys ignore row security too: without the tenant in them a row could point into another company."""
    keys = await owner.fetch(
        "SELECT c.conname, c.confdeltype::text AS on_delete, c.confupdtype::text AS on_update, c.confrelid::regclass::text AS target, "
        "  (SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(c.conkey) WITH ORDINALITY k(num, n) "
        "   JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num) AS here, "
        "  (SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(c.confkey) WITH ORDINALITY k(num, n) "
        "   JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num) AS there "
        "FROM pg_constraint c WHERE c.conrelid = $1::regclass AND c.contype = 'f'",
        table,
    )
    for key in keys:
        pairs = dict(zip(key["here"], key["there"], strict=True))
        assert pairs["tenant_id"] == ("id" if key["target"] == "tenants" else "tenant_id"), key["conname"]
        # A cascade runs as the owner and past every policy.
        assert (key["on_delete"], key["on_update"]) == ("a", "a"), key["conname"]


@pytest.mark.parametrize("role", ["app", "engine"])
async def test_a_serving_role_has_no_way_round(owner: asyncpg.Connection, database: Database, role: str) -> None:
    connection = await asyncpg.connect(getattr(database, role))
    try:
        row = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert row is not None
        assert tuple(row) == (False, False, False, False)
        groups = "SELECT r.rolname FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')"
        member_of = {each["rolname"] for each in await connection.fetch(groups)}
        me = await connection.fetchval("SELECT current_user")
        assert member_of == {me, f"onhand_{role}"}
        owned = await owner.fetchval("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = ANY($1::text[])", list(member_of))
        assert owned == 0
        mighty = await owner.fetch(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY($1::text[]) AND (rolsuper OR rolbypassrls)", list(member_of)
        )
        assert mighty == []
    finally:
        await connection.close()


async def test_the_owner_of_the_tables_is_bound_as_well(owner: asyncpg.Connection, world: World) -> None:
    assert await owner.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user") is False
    assert await owner.fetchval("SELECT count(*) FROM users") == 0


async def test_the_ledger_cannot_be_rewritten_by_anybody(owner: asyncpg.Connection, database: Database) -> None:
    for role in ("app", "engine"):
        connection = await asyncpg.connect(getattr(database, role))
        for statement in ("UPDATE stock_ledger SET reason = ''", "DELETE FROM stock_ledger", "TRUNCATE stock_ledger"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()
    for statement in ("UPDATE stock_ledger SET reason = ''", "DELETE FROM stock_ledger", "TRUNCATE stock_ledger"):
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await owner.execute(statement)


async def test_no_function_runs_with_its_owners_rights(owner: asyncpg.Connection) -> None:
    definers = await owner.fetch("SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace")
    assert definers == []


@pytest.mark.parametrize("table", ["tenants", *TENANT_TABLES])
async def test_without_a_tenant_there_are_no_rows(world: World, database: Database, table: str) -> None:
    connection = await asyncpg.connect(database.app)
    try:
        readable = await connection.fetchval("SELECT has_table_privilege($1, 'SELECT')", table)
        if readable:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
        else:
            assert table == "stock_replies"  # answers under keys are the engine's alone
    finally:
        await connection.close()


async def test_a_tenant_sees_its_own_rows_only(world: World) -> None:
    async with world.alice.context(world.engine).reading() as connection:
        seen = (await connection.execute(text("SELECT DISTINCT tenant_id FROM principals"))).scalars().all()
        others = (await connection.execute(text("SELECT count(*) FROM tenants WHERE id = :id"), {"id": world.carol.tenant.id})).scalar_one()
    assert (seen, others) == ([world.alice.tenant.id], 0)


@pytest.mark.parametrize("how", ["insert", "move"])
async def test_a_row_of_another_tenant_cannot_be_written(world: World, how: str) -> None:
    statement = {
        "insert": "INSERT INTO principals (tenant_id, kind, label) VALUES (:other, 'person', 'Mallory')",
        "move": "UPDATE users SET tenant_id = :other",
    }[how]
    with pytest.raises(DBAPIError, match="row-level security"):
        await _as_alice(world, statement, other=world.carol.tenant.id)


async def test_a_row_cannot_point_into_another_tenant(world: World) -> None:
    statement = "INSERT INTO users (tenant_id, principal_id, email, role) VALUES (:mine, :theirs, 'm@x.example', 1)"
    with pytest.raises(DBAPIError, match="fk_users_principals"):
        await _as_alice(world, statement, mine=world.alice.tenant.id, theirs=world.carol.actor.principal_id)


@pytest.mark.parametrize("ending", ["commit", "exception", "cancel", "sql error"])
async def test_the_setting_does_not_stay_on_a_pooled_connection(database: Database, world: World, ending: str) -> None:
    engine = make_engine(database.app, pool_size=1)
    engine.pool._max_overflow = 0  # type: ignore[attr-defined]
    try:
        await _use(engine, world.alice.tenant.id, ending)
        async with engine.begin() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM principals"))).scalar_one() == 0
    finally:
        await engine.dispose()


async def _as_alice(world: World, statement: str, **values: int) -> None:
    async with world.engine.begin() as connection:
        await set_tenant(connection, world.alice.tenant.id)
        await connection.execute(text(statement), values)


def _plain(expression: str) -> str:
    """The expression without the column name that newer versions print."""
    return expression.replace(' AS "nullif"', "")


async def _use(engine: AsyncEngine, tenant_id: int, ending: str) -> None:
    async def work() -> None:
        async with engine.begin() as connection:
            await set_tenant(connection, tenant_id)
            assert (await connection.execute(text("SELECT count(*) FROM principals"))).scalar_one() > 0
            if ending == "exception":
                raise LookupError
            if ending == "sql error":
                await connection.execute(text("SELECT 1/0"))
            if ending == "cancel":
                await connection.execute(text("SELECT pg_sleep(30)"))

    if ending == "cancel":
        task = asyncio.create_task(work())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    elif ending == "commit":
        await work()
    else:
        with pytest.raises((LookupError, DBAPIError)):
            await work()
