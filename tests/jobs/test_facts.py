"""The chain of facts: who changed it in the database is found at the right fact, and erasing a person is no change…"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from db.engine import make_engine, make_pool
from events import origin
from events.chain import GENESIS, fact_hash
from jobs.anchors import Anchors, Head
from jobs.facts import FACTS
from jobs.passes import deep
from jobs.verdict import record
from jobs.watch import Terms, Watch
from kit.clock import now_us
from tenants.domain import Role
from tests.conftest import Database
from tests.jobs.conftest import Books, _home
from tests.people import PASSWORD, populate

Make = Callable[[int], Books]

OF = "(SELECT fact_id FROM fact_chain WHERE tenant_id = $tenant AND seq = {})"
MINE = "WHERE tenant_id = $tenant AND"
BODY = f'UPDATE facts SET body = body || \'{{"after": "admin"}}\' {MINE} id = {OF.format(6)}'
SUBJECT = f"UPDATE facts SET subject = '1' {MINE} id = {OF.format(6)}"
WHO = f"UPDATE facts SET principal_id = 0 {MINE} id = {OF.format(6)}"
ROLE = f"UPDATE facts SET role = 5 {MINE} id = {OF.format(6)}"
TIME = f"UPDATE facts SET recorded_at = recorded_at - interval '1 microsecond' {MINE} id = {OF.format(6)}"
NO_FACT = f"DELETE FROM facts {MINE} id = {OF.format(6)}"
NO_LINK = f"DELETE FROM fact_chain {MINE} seq = 6"
NO_TAIL = (f"DELETE FROM facts {MINE} id >= {OF.format(7)}", f"DELETE FROM fact_chain {MINE} seq >= 7")
HEAD_TO_6 = f"UPDATE fact_heads SET seq = 6, head_hash = (SELECT hash FROM fact_chain {MINE} seq = 6) WHERE tenant_id = $tenant"
PROOF_TO_6 = f"UPDATE stock_proofs SET seq = 6, hash = (SELECT hash FROM fact_chain {MINE} seq = 6) {MINE} part = -1"
HEAD = "UPDATE fact_heads SET head_hash = sha256('x') WHERE tenant_id = $tenant"
WORDS = f'UPDATE fact_words SET words = \'{{"address": "10.0.0.1"}}\' {MINE} fact_id = {OF.format(6)}'
DIGEST = f"UPDATE fact_words SET digest = sha256('x') {MINE} fact_id = {OF.format(6)}"
NO_WORDS = f"UPDATE fact_words SET words = NULL, salt = NULL {MINE} fact_id = {OF.format(6)}"
NO_BESIDE = f"DELETE FROM fact_words {MINE} fact_id = {OF.format(6)}"
INVENTED = "INSERT INTO facts (tenant_id, name, subject, body, principal_id, role) VALUES ($tenant, 'key_made', 'oh_x', '{}', 0, 0)"

PLANTED = [
    # what is planted               how                                  deep finds it        fast finds it
    #                                                                    among old facts      among new facts
    ("an edited body",              (BODY,),                             "hash_chain 6",      "hash_chain 6"),
    ("an edited subject",           (SUBJECT,),                          "hash_chain 6",      "hash_chain 6"),
    ("somebody else",               (WHO,),                              "hash_chain 6",      "hash_chain 6"),
    ("another role",                (ROLE,),                             "hash_chain 6",      "hash_chain 6"),
    ("another time",                (TIME,),                             "hash_chain 6",      "hash_chain 6"),
    ("a deleted fact",              (NO_FACT,),                          "fact_missing 6",    "fact_missing 6"),
    ("the same, with its link",     (NO_FACT, NO_LINK),                  "dense_sequence 6",  "dense_sequence 6"),
    ("a link taken out",            (NO_LINK,),                          "dense_sequence 6",  "dense_sequence 6"),
    ("a deleted tail",              NO_TAIL,                             "head 7",            "head 7"),
    ("the same, with the head",     (*NO_TAIL, HEAD_TO_6),               "anchor 7",          "anchor 7"),
    ("the same, with the proof",    (*NO_TAIL, HEAD_TO_6, PROOF_TO_6),   "anchor 7",          "anchor 7"),
    ("an edited head",              (HEAD,),                             "head 8",            "head 8"),
    ("an edited address",           (WORDS,),                            "words_changed 6",   "words_changed 6"),
    ("an edited digest",            (DIGEST,),                           "hash_chain 6",      "hash_chain 6"),
    ("words of nobody erased gone", (NO_WORDS,),                         "words_lost 6",      "words_lost 6"),
    ("all beside the fact gone",    (NO_BESIDE,),                        "hash_chain 6",      "hash_chain 6"),
    ("an invented fact",            (INVENTED,),                         "fact_unchained 9",  ""),
]  # fmt: skip
"""What the fast pass leaves to the deep one: facts that somebody has put in past the triggers, which are in no chain."""


async def write_facts(database: Database, folder: Path, proven: int) -> Books:
    """Eight facts of one company, proven and anchored at #5 and again at #8, or proven to #5 only."""
    engine = make_engine(database.app, pool_size=2)
    origin.arrive("203.0.113.7")
    world = await populate(engine)  # 1 to 5: company and Alice, her key, Bob, his key
    alice, bob = world.alice, world.bob.actor.principal_id
    books = Books(database, folder, await _home(database, folder), alice.tenant.id, alice.tenant.slug)
    await prove(books)
    await anchor(books)
    await world.people.set_role(alice.tenant, alice.actor, bob, Role.MANAGER)  # 6
    await world.people.set_password(alice.tenant, alice.actor, bob, PASSWORD)  # 7
    await world.people.disable_user(alice.tenant, alice.actor, bob)  # 8
    if proven == 8:
        await prove(books)
    await anchor(books)
    await engine.dispose()
    return books


async def prove(books: Books) -> None:
    pool = await make_pool(books.database.engine, 1)
    try:
        await record(pool, await deep(pool, (books.tenant, FACTS), books.anchorer().anchors))
    finally:
        await pool.close()


async def anchor(books: Books) -> None:
    seq = await books.ask("SELECT seq FROM fact_heads WHERE tenant_id = $tenant")
    digest = await books.ask("SELECT head_hash FROM fact_heads WHERE tenant_id = $tenant")
    before = await books.ask("SELECT anchored_seq FROM stock_proofs WHERE tenant_id = $tenant AND part = -1")
    books.anchorer().append([Head(books.tenant, FACTS, seq, digest, before)], now_us())
    await books.ask(f"UPDATE stock_proofs SET anchored_seq = {seq} WHERE tenant_id = $tenant AND part = -1")


@pytest.fixture
def facts_proven_to(database: Database, tmp_path: Path) -> Make:
    """Makes a company whose first facts, up to the one named, are proven."""
    return lambda proven: asyncio.run(write_facts(database, tmp_path, proven))


@pytest.mark.parametrize(("what", "how", "deep", "_fast"), PLANTED, ids=[each[0] for each in PLANTED])
def test_deep_among_old_facts(facts_proven_to: Make, what: str, how: tuple[str, ...], deep: str, _fast: str) -> None:
    books = facts_proven_to(8)
    assert first(books, deep=True) == (0, "")
    books.did(*how)
    assert first(books, deep=True) == (1, deep), what


@pytest.mark.parametrize(("what", "how", "_deep", "fast"), PLANTED, ids=[each[0] for each in PLANTED])
def test_fast_among_new_facts(facts_proven_to: Make, what: str, how: tuple[str, ...], _deep: str, fast: str) -> None:
    books = facts_proven_to(5)
    books.did(*how)
    assert first(books) == (1 if fast else 0, fast), what


def test_a_chain_computed_anew_is_found_by_the_anchors_alone(facts_proven_to: Make) -> None:
    books = facts_proven_to(8)
    asyncio.run(rewrite(books, 6))
    for how in (False, True):
        code, report = books.verify(deep=how)
        fault = report["partitions"][0]["faults"][0]
        assert (code, fault["rule"], fault["seq"], fault["anchored_seq"]) == (1, "anchor", 6, 8)
    books.anchor_file.unlink()
    books.did("UPDATE stock_proofs SET anchored_seq = 0 WHERE tenant_id = $tenant")
    assert books.verify(deep=True)[0] == 0, "the forgery is complete but for the anchors"


def test_a_cut_anchor_file_is_missed(facts_proven_to: Make) -> None:
    books = facts_proven_to(8)
    books.anchor_file.unlink()
    assert first(books) == (1, "anchor_missing 1")


def test_facts_that_do_not_prove_leave_the_stock_alone(facts_proven_to: Make) -> None:
    books = facts_proven_to(8)
    books.did(BODY)
    _, report = books.verify(deep=True)
    assert (report["partitions"][0]["of"], report["partitions"][0]["halted"]) == ("facts", None)
    kept = "SELECT ok FROM stock_proofs WHERE tenant_id = $tenant AND part = -1"
    assert asyncio.run(books.ask(kept)) is False, "but everybody can see it"


async def test_the_watch_proves_and_anchors_facts(database: Database, tmp_path: Path) -> None:
    books = await write_facts(database, tmp_path, 5)
    closing = asyncio.Event()
    closing.set()
    pool = await make_pool(database.engine, 1)
    try:
        await Watch(pool, books.anchors, tmp_path / "anchor.key", Terms(0.01, 1.0), closing).run()
    finally:
        await pool.close()
    told = "SELECT array[seq, anchored_seq] FROM stock_proofs WHERE tenant_id = $tenant AND part = -1"
    assert await books.ask(told) == [8, 8]
    assert books.anchorer().anchors.last((books.tenant, FACTS)) == 8


async def test_many_at_once_number_their_facts_without_holes(database: Database) -> None:
    engine = make_engine(database.app, pool_size=8)
    world = await populate(engine)
    alice, bob = world.alice, world.bob.actor.principal_id
    roles = [Role.MANAGER, Role.OPERATOR] * 12
    await asyncio.gather(*[world.people.set_role(alice.tenant, alice.actor, bob, role) for role in roles])
    await engine.dispose()
    pool = await make_pool(database.engine, 1)
    try:
        verdict = await deep(pool, (alice.tenant.id, FACTS), Anchors())
    finally:
        await pool.close()
    assert (verdict.seq, verdict.faults) == (5 + len(roles), [])


async def rewrite(books: Books, first_seq: int) -> None:
    """Change a fact, then compute the chain, the head and the last proof anew: all but the anchors agree."""
    connection = await asyncpg.connect(books.database.admin)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(BODY.replace("$tenant", str(books.tenant)))
        head = GENESIS
        for row in await connection.fetch(_LINKS, books.tenant):
            head = fact_hash(
                head, books.tenant, row["seq"], row["fact_id"], row["at"], (row["principal_id"], row["role"]),
                (row["name"], row["subject"], row["body"]), zip(row["about"] or (), row["digests"] or (), strict=True),
            )  # fmt: skip
            assert row["seq"] >= first_seq or head == row["hash"]
            await connection.execute("UPDATE fact_chain SET hash = $3 WHERE tenant_id = $1 AND seq = $2", books.tenant, row["seq"], head)
        await connection.execute("UPDATE fact_heads SET head_hash = $2 WHERE tenant_id = $1", books.tenant, head)
        await connection.execute("UPDATE stock_proofs SET hash = $2 WHERE tenant_id = $1 AND part = -1", books.tenant, head)
    finally:
        await connection.close()


def first(books: Books, **said: object) -> tuple[int, str]:
    """Exit code, and rule and number of the first fault."""
    code, report = books.verify(**said)
    faults = report["partitions"][0]["faults"]
    return code, f"{faults[0]['rule']} {faults[0]['seq']}" if faults else ""


_LINKS = """
SELECT c.seq, c.fact_id, c.hash, (extract(epoch FROM f.recorded_at) * 1000000)::bigint AS at, f.principal_id, f.role, f.name, f.subject,
  f.body::text AS body, array_agg(w.principal_id ORDER BY w.principal_id) FILTER (WHERE w.digest IS NOT NULL) AS about,
  array_agg(w.digest ORDER BY w.principal_id) FILTER (WHERE w.digest IS NOT NULL) AS digests
FROM fact_chain c JOIN facts f ON f.tenant_id = c.tenant_id AND f.id = c.fact_id
LEFT JOIN fact_words w ON w.tenant_id = f.tenant_id AND w.fact_id = f.id
WHERE c.tenant_id = $1 GROUP BY c.tenant_id, c.seq, f.tenant_id, f.id ORDER BY c.seq
"""
