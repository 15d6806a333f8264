"""The real engine on a real PostgreSQL, under rules in any order; and what shows when the database lacks a guard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from hypothesis import settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Database
from tests.simulation.checks import FAILED, Forgive, Violation
from tests.simulation.machine import BOUNDED, Stock
from tests.simulation.plants import promise_whatever_the_greedy_ask


def test_holds_all_its_promises(database: Database) -> None:
    run_state_machine_as_test(lambda: Stock(database, lambda told: False), settings=BOUNDED)


@dataclass(frozen=True)
class Case:
    """How a guard is taken off a database, and the fault it stands against: in the database, or in our own rules."""

    without: str
    planted: str = ""
    plant: Callable[[], AbstractContextManager[Any]] = nullcontext
    forgive: Forgive = lambda told: False


REPLACE = """
DO $do$ DECLARE body text; BEGIN
  SELECT pg_get_functiondef(oid) INTO STRICT body FROM pg_proc WHERE proname = '{function}' AND strpos(prosrc, $x${before}$x$) > 0;
  EXECUTE replace(body, $x${before}$x$, $x${after}$x$);
END $do$;
"""
"""Raises when the guard is not where it was."""
STALE_READS = """
CREATE TABLE stock_balances_before (LIKE stock_balances);
CREATE SEQUENCE stale_turn;
GRANT SELECT ON stock_balances_before TO PUBLIC;
GRANT USAGE ON SEQUENCE stale_turn TO PUBLIC;
CREATE FUNCTION keep_before() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN
  DELETE FROM stock_balances_before b WHERE (b.tenant_id, b.item_id, b.warehouse_id) = (OLD.tenant_id, OLD.item_id, OLD.warehouse_id);
  INSERT INTO stock_balances_before SELECT OLD.*;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_before BEFORE UPDATE ON stock_balances FOR EACH ROW EXECUTE FUNCTION keep_before();
""" + REPLACE.format(
    function="stock_cells",
    before="FROM stock_balances x",
    after="FROM (WITH turn AS MATERIALIZED (SELECT nextval('stale_turn') % 2 = 0 AS stale) "
    "SELECT b.* FROM stock_balances b, turn WHERE NOT stale UNION ALL SELECT b.* FROM stock_balances_before b, turn WHERE stale) AS x",
)
"""Every other read of cells comes from before the last commit."""

NOTHING = "SELECT"

CASES = {
    "fence": Case(REPLACE.format(function="stock_commit", before=" AND epoch = p_epoch RETURNING", after=" RETURNING")),
    "version": Case(
        REPLACE.format(function="stock_commit", before=" AND x.version = t.base_version", after=""),
        planted=STALE_READS,
        forgive=lambda told: told.outcome.code == "insufficient_stock",
    ),
    "covered": Case(
        "ALTER TABLE stock_balances DROP CONSTRAINT ck_stock_balances_covered",
        plant=promise_whatever_the_greedy_ask,
        forgive=lambda told: told.outcome.code == FAILED,
    ),
    "key": Case("ALTER TABLE stock_replies DROP CONSTRAINT pk_stock_replies"),
}


@pytest.mark.parametrize("name", ["version", "covered"])
def test_guard_makes_the_planted_fault_harmless(name: str, fresh_database: Database) -> None:
    asyncio.run(_alter(fresh_database, CASES[name].planted or NOTHING))
    assert _violation(fresh_database, CASES[name], settings(BOUNDED, max_examples=4)) is None


@pytest.mark.parametrize("name", CASES)
def test_missing_guard_is_noticed(name: str, fresh_database: Database) -> None:
    asyncio.run(_alter(fresh_database, CASES[name].planted + CASES[name].without))
    assert _violation(fresh_database, CASES[name], BOUNDED), f"nobody misses the guard {name}"


async def _alter(database: Database, script: str) -> None:
    connection = await asyncpg.connect(database.admin)
    await connection.execute(script)
    await connection.close()


def _violation(database: Database, case: Case, bounds: settings) -> Violation | FlakyFailure | None:
    """What the machine notices. Real time passes, so that a second try may find it at another place: that is Flaky."""
    try:
        with case.plant():
            run_state_machine_as_test(lambda: Stock(database, case.forgive), settings=bounds)
    except (Violation, FlakyFailure) as problem:
        return problem
    return None
