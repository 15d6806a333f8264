"""The chain of facts as the watch and `onhand verify` prove it: beside the partitions of the ledger, under a part of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from events.chain import PART, fact_hash, words_digest
from inventory.ledger.proof import Proof, Record

FACTS = PART


@dataclass(slots=True)
class FactProof(Proof):
    """The state of a company's chain as its facts alone make it. A fault is never a reason to halt stock."""

    def row(self, row: Record) -> None:
        """Take the next link of the chain, in order: the fact it is for, and the words beside that."""
        seq = row["seq"]
        if seq != self.seq + 1:
            self._fault("dense_sequence", min(seq, self.seq + 1), found=seq, expected=self.seq + 1)
        if row["name"] is None:
            self._fault("fact_missing", seq, id=row["fact_id"])
        else:
            self._link(row)
        self.seq, self.head = seq, row["hash"]  # go on from what is stored, so that one changed fact is one fault

    def left_out(self, rows: Iterable[Record]) -> None:
        """Facts that somebody has put in without their link: each with the number of the next that has one."""
        for row in rows:
            self._fault("fact_unchained", row["seq"] or self.seq + 1, id=row["id"])

    def _link(self, row: Record) -> None:
        beside = [Beside.of(each) for each in orjson.loads(row["beside"])]
        who, texts = (row["principal_id"], row["role"]), (row["name"], row["subject"], row["body"])
        digests = [(each.about, each.digest) for each in beside]
        computed = fact_hash(self.head, row["tenant_id"], row["seq"], row["fact_id"], row["recorded_us"], who, texts, digests)
        if computed != row["hash"]:
            self._fault("hash_chain", row["seq"], stored=row["hash"].hex(), computed=computed.hex())
        for each in beside:
            if each.words is None and not each.erased:
                self._fault("words_lost", row["seq"], principal=each.about)
            elif each.words is not None and words_digest(each.salt, each.words) != each.digest:
                self._fault("words_changed", row["seq"], principal=each.about)


class Beside(NamedTuple):
    """The words beside a fact about one person or key; None when they are gone, which is right for the `erased` only."""

    about: int
    digest: bytes
    salt: bytes
    words: str | None
    erased: bool

    @classmethod
    def of(cls, told: list[Any]) -> Beside:
        about, digest, salt, words, erased = told
        return cls(about, bytes.fromhex(digest), bytes.fromhex(salt or ""), words, erased)


ROWS = """
SELECT c.tenant_id, c.seq, c.fact_id, c.hash, f.name, f.subject, f.body::text AS body, f.principal_id, f.role,
  (extract(epoch FROM f.recorded_at) * 1000000)::bigint AS recorded_us,
  coalesce(w.beside, '[]') AS beside
FROM fact_chain c
LEFT JOIN facts f ON f.tenant_id = c.tenant_id AND f.id = c.fact_id
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_array(w.principal_id, encode(w.digest, 'hex'), encode(w.salt, 'hex'), w.words::text, p.erased_at IS NOT NULL)
    ORDER BY w.principal_id)::text AS beside
  FROM fact_words w LEFT JOIN principals p ON p.tenant_id = w.tenant_id AND p.id = w.principal_id
  WHERE w.tenant_id = c.tenant_id AND w.fact_id = c.fact_id
) w
WHERE c.tenant_id = $1 AND $2::smallint = -1 AND c.seq > $3 ORDER BY c.seq LIMIT $4
"""
LEFT_OUT = """
SELECT f.id, (SELECT min(c.seq) FROM fact_chain c WHERE c.tenant_id = $1 AND c.fact_id > f.id) AS seq
FROM facts f WHERE f.tenant_id = $1 AND NOT EXISTS (SELECT FROM fact_chain c WHERE c.tenant_id = $1 AND c.fact_id = f.id)
ORDER BY f.id LIMIT 50
"""
ROW = "SELECT seq, hash, 0 AS epoch, 0 AS recorded_at_us FROM fact_chain WHERE tenant_id = $1 AND $2::smallint = -1 AND seq = $3"
AROUND = """
SELECT seq, 0 AS epoch, hash FROM fact_chain WHERE tenant_id = $1 AND $2::smallint = -1 AND seq = ANY ($3::bigint[])
"""
HEAD = """
SELECT h.seq, h.head_hash, NULL AS halted_rule, NULL AS halted_seq, v.anchored_seq
FROM fact_heads h LEFT JOIN stock_proofs v ON v.tenant_id = h.tenant_id AND v.part = $2::smallint WHERE h.tenant_id = $1
"""
