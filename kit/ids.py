"""Public ids and the hashes that stand for keys and bodies."""

from __future__ import annotations

import hashlib
import re
import secrets

_NUMBER = re.compile(r"([RTXG])(\d{1,18})(?:\.(\d{1,4}))?", re.ASCII)
_DOCUMENT = re.compile(r"(PO|SH|RQ|IV)-(\d{1,9})", re.ASCII)


def reservation_id(seq: int, part: int = 0) -> str:
    """`R184207`: the sequence of the ledger row that made it, and the partition where a tenant has several."""
    return _number("R", seq, part)


def parse_reservation_id(text: str) -> tuple[int, int] | None:
    """(seq, part) of a reservation id, or None when it is not one."""
    return _parse_number("R", text)


def transfer_id(seq: int, part: int = 0) -> str:
    """`T184207`: the sequence of the ledger row that shipped it first, and the partition where a tenant has several."""
    return _number("T", seq, part)


def parse_transfer_id(text: str) -> tuple[int, int] | None:
    """(seq, part) of a transfer id, or None when it is not one."""
    return _parse_number("T", text)


def exception_id(seq: int, part: int = 0) -> str:
    """`X184207`: the sequence of the ledger row that stands for it, and the partition where a tenant has several."""
    return _number("X", seq, part)


def parse_exception_id(text: str) -> tuple[int, int] | None:
    """(seq, part) of an exception id, or None when it is not one."""
    return _parse_number("X", text)


def receipt_id(seq: int, part: int = 0) -> str:
    """`G184207`: the sequence of the first ledger row of goods received, and the partition where a tenant has several."""
    return _number("G", seq, part)


def parse_receipt_id(text: str) -> tuple[int, int] | None:
    """(seq, part) of a receipt id, or None when it is not one."""
    return _parse_number("G", text)


def order_number(number: int) -> str:
    """`PO-1001`: purchase orders are counted per company, without holes."""
    return f"PO-{number}"


def parse_order_number(text: str) -> int | None:
    """The number of a purchase order, or None when it is not one."""
    return _parse_document("PO", text)


def shipment_number(number: int) -> str:
    """`SH-1001`: shipments that suppliers announce, counted as orders are."""
    return f"SH-{number}"


def parse_shipment_number(text: str) -> int | None:
    """The number of a shipment, or None when it is not one."""
    return _parse_document("SH", text)


def requisition_number(number: int) -> str:
    """`RQ-1001`: requisitions, counted as orders are."""
    return f"RQ-{number}"


def parse_requisition_number(text: str) -> int | None:
    """The number of a requisition, or None when it is not one."""
    return _parse_document("RQ", text)


def digest16(*parts: bytes) -> bytes:
    """128 bits of SHA-256 over length-prefixed parts: narrow enough for a hot index, wide enough never to collide."""
    framed = b"".join([len(part).to_bytes(4, "big") + part for part in parts])
    return hashlib.sha256(framed).digest()[:16]


def token(octets: int = 32) -> str:
    """A URL-safe random token of `octets` bytes of entropy."""
    return secrets.token_urlsafe(octets)


def invoice_id(number: int) -> str:
    """`IV-1001`: suppliers' invoices as we count them; on paper they have numbers of the supplier's."""
    return f"IV-{number}"


def parse_invoice_id(text: str) -> int | None:
    """Our number of an invoice, or None when it is not one."""
    return _parse_document("IV", text)


def _parse_document(kind: str, text: str) -> int | None:
    match = _DOCUMENT.fullmatch(text)
    return int(match[2]) if match and match[1] == kind else None


def _number(letter: str, seq: int, part: int) -> str:
    return f"{letter}{seq}.{part}" if part else f"{letter}{seq}"


def _parse_number(letter: str, text: str) -> tuple[int, int] | None:
    match = _NUMBER.fullmatch(text)
    return (int(match[2]), int(match[3] or 0)) if match and match[1] == letter else None
