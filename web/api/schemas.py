"""Schemas of what the API answers, for the OpenAPI document. Bodies are not here: theirs are made of the messages themselves."""

from __future__ import annotations

from typing import Any

from inventory.ledger.messages import Condition, Kind
from tenants.domain import Role
from tenants.token_rules import ALGORITHMS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NULLABLE: Schema = {"type": ["string", "null"]}
_TIME: Schema = {"type": "string", "format": "date-time"}
_NULLABLE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
_ANY: Schema = {"type": ["string", "integer", "null"]}
_WHOLE: Schema = {"type": "integer"}
_NULLABLE_WHOLE: Schema = {"type": ["integer", "null"]}
_TRUTH: Schema = {"type": "boolean"}
_QUANTITY: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d{1,6})?$", "examples": ["6", "0.150"]}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


_KEY = {
    "id": _WHOLE,
    "kind": _one_of("key", "device"),
    "name": _TEXT,
    "prefix": _TEXT,
    "role": _one_of(*(role.label for role in Role)),
    "scopes": {"type": ["array", "null"], "items": _TEXT},
    "warehouses": {"type": ["array", "null"], "items": _TEXT},
    "state": _one_of("active", "expired", "revoked"),
    "made_by": _NULLABLE,
    "created_at": _TIME,
    "used_at": _NULLABLE_TIME,
    "expires_at": _NULLABLE_TIME,
    "revoked_at": _NULLABLE_TIME,
    "old_secret_until": _NULLABLE_TIME,
}

_LEVEL = {
    "sku": _TEXT,
    "warehouse": _TEXT,
    "on_hand": _QUANTITY,
    "reserved": _QUANTITY,
    "available": _QUANTITY,
    "in_transit": _QUANTITY,
    "on_order": _QUANTITY,
    "unit": _TEXT,
    "seq": _WHOLE,
}

_TOTALS = _object(on_hand=_QUANTITY, reserved=_QUANTITY, blocked=_QUANTITY, in_transit=_QUANTITY)

SCHEMAS: dict[str, Schema] = {
    "Problem": {
        **_object(type=_TEXT, title=_TEXT, status=_WHOLE, detail=_TEXT, code=_TEXT, errors=_list({"type": "object"})),
        "description": "RFC 9457. `code` is stable; each of `errors` names a `field` or a `line` where one is to blame, and facts.",
    },
    "Price": {**_object(amount=_TEXT, currency=_TEXT), "type": ["object", "null"]},
    "Level": _object(**_LEVEL),
    "ItemLevel": _object(**{**_LEVEL, "warehouse": {"type": "null"}}, warehouses=_list(_ref("Level")), as_of_seq=_WHOLE),
    "LedgerRow": _object(
        seq=_WHOLE,
        kind=_one_of(*(kind.label for kind in Kind)),
        sku=_TEXT,
        warehouse=_TEXT,
        location=_NULLABLE,
        lot=_NULLABLE,
        serial=_NULLABLE,
        owner=_NULLABLE,
        condition=_one_of(*(condition.label for condition in Condition)),
        delta_on_hand=_QUANTITY,
        delta_reserved=_QUANTITY,
        delta_in_transit=_QUANTITY,
        on_hand=_QUANTITY,
        reserved=_QUANTITY,
        in_transit=_QUANTITY,
        unit=_TEXT,
        reservation=_NULLABLE,
        transfer=_NULLABLE,
        reference=_NULLABLE,
        reason=_NULLABLE,
        effective_at=_TIME,
        recorded_at=_TIME,
        by=_TEXT,
        role=_one_of(*(role.label for role in Role)),
        key=_NULLABLE,
        hash=_TEXT,
    ),
    "ReservationLine": _object(
        sku=_TEXT,
        warehouse=_TEXT,
        qty=_QUANTITY,
        open=_QUANTITY,
        committed=_QUANTITY,
        released=_QUANTITY,
        expired=_QUANTITY,
        unit=_TEXT,
    ),
    "Reservation": _object(
        id=_TEXT,
        status=_one_of("active", "committed", "released", "expired"),
        hold=_one_of("soft", "hard"),
        expires_at=_NULLABLE_TIME,
        reference=_NULLABLE,
        lines=_list(_ref("ReservationLine")),
        created_at=_TIME,
        created_by=_TEXT,
    ),
    "TransferLine": _object(
        sku=_TEXT,
        lot=_NULLABLE,
        serial=_NULLABLE,
        condition=_one_of(*(condition.label for condition in Condition)),
        qty=_QUANTITY,
        open=_QUANTITY,
        received=_QUANTITY,
        written_off=_QUANTITY,
        unit=_TEXT,
    ),
    "Transfer": _object(
        **{"id": _TEXT, "status": _one_of("in_transit", "received", "written_off"), "from": _TEXT, "to": _TEXT},
        reference=_NULLABLE,
        lines=_list(_ref("TransferLine")),
        created_at=_TIME,
        created_by=_TEXT,
    ),
    "Exception": _object(
        id=_NULLABLE,
        kind=_one_of("oversold", "overpromised"),
        sku=_TEXT,
        warehouse=_TEXT,
        qty=_QUANTITY,
        unit=_TEXT,
        seq=_WHOLE,
        effective_at=_NULLABLE_TIME,
        recorded_at=_NULLABLE_TIME,
        by=_NULLABLE,
        reference=_NULLABLE,
        settled_at=_NULLABLE_TIME,
        settled_by=_NULLABLE,
        note=_NULLABLE,
    ),
    "Movements": _object(movements=_list(_ref("LedgerRow")), levels=_list(_ref("Level")), seq=_WHOLE),
    "Backorder": _object(line=_WHOLE, sku=_TEXT, qty=_QUANTITY, unit=_TEXT),
    "Reserved": {
        "allOf": [
            _object(reservation=_ref("Reservation"), levels=_list(_ref("Level")), seq=_WHOLE),
            {"type": "object", "properties": {"backordered": _list(_ref("Backorder"))}},
        ],
        "description": "`backordered` is there when `partial` was asked for: the lines, counted from 0, of which something is missing.",
    },
    "Transferred": _object(transfer=_ref("Transfer"), levels=_list(_ref("Level")), seq=_WHOLE),
    "Drift": _object(sku=_TEXT, warehouse=_TEXT, ledger=_TOTALS, balance=_TOTALS, corrected=_TRUTH),
    "Reconciled": _object(checked=_WHOLE, drift=_list(_ref("Drift")), corrections=_list(_ref("LedgerRow"))),
    "BulkResult": {
        **_object(status=_WHOLE, key=_TEXT),
        "description": "Beside them the fields of the verb's answer, or its `problem`; `replayed` when the key was answered before.",
    },
    "BulkResults": _object(results=_list(_ref("BulkResult"))),
    "Barcode": _object(code=_TEXT, kind=_one_of("barcode", "plu"), created_at=_TIME),
    "ItemUnit": _object(unit=_TEXT, base=_WHOLE, per=_WHOLE),
    "Limits": _object(warehouse=_TEXT, min=_QUANTITY, max=_QUANTITY),
    "Category": _object(name=_TEXT, items=_WHOLE),
    "Item": {
        **_object(
            sku=_TEXT,
            name=_TEXT,
            names={"type": "object", "additionalProperties": _TEXT},
            kind=_one_of("raw", "semi_finished", "finished", "kit"),
            base_unit=_TEXT,
            decimals=_WHOLE,
            category=_TEXT,
            price=_ref("Price"),
            metadata={"type": "object"},
            archived=_TRUTH,
            version=_WHOLE,
            created_at=_TIME,
            updated_at=_TIME,
        ),
        "description": "Alone, an item also has its `barcodes` and `units`.",
    },
    "Unit": _object(code=_TEXT, name=_TEXT, decimals=_WHOLE, archived=_TRUTH, version=_WHOLE),
    "Warehouse": _object(code=_TEXT, name=_TEXT, time_zone=_TEXT, archived=_TRUTH, version=_WHOLE),
    "Location": _object(
        warehouse=_TEXT,
        code=_TEXT,
        kind=_one_of("zone", "aisle", "bin"),
        parent=_NULLABLE,
        holds_stock=_TRUTH,
        archived=_TRUTH,
        version=_WHOLE,
    ),
    "Supplier": _object(
        code=_TEXT,
        name=_TEXT,
        currency=_TEXT,
        email=_TEXT,
        phone=_TEXT,
        contact=_TEXT,
        tax_number=_TEXT,
        payment_terms_days=_NULLABLE_WHOLE,
        lead_time_days=_NULLABLE_WHOLE,
        language={"enum": ["en", "ru", "ky", None]},
        notes=_TEXT,
        archived=_TRUTH,
        version=_WHOLE,
        created_at=_TIME,
        updated_at=_TIME,
    ),
    "Offer": {
        **_object(
            supplier=_TEXT,
            supplier_name=_TEXT,
            sku=_TEXT,
            name=_TEXT,
            supplier_sku=_TEXT,
            unit=_NULLABLE,
            pack=_QUANTITY,
            base_unit=_TEXT,
            multiple=_WHOLE,
            moq=_WHOLE,
            price=_ref("Price"),
            breaks=_list(_object(from_qty=_WHOLE, price=_TEXT)),
            lead_time_days=_NULLABLE_WHOLE,
            days=_NULLABLE_WHOLE,
            preferred=_TRUTH,
            version=_WHOLE,
        ),
        "description": "`pack` is one pack in the base unit; `multiple`, `moq` and `from_qty` count packs. `days` is the lead time that "
        "counts: the offer's own, else the supplier's.",
    },
    "OffersWritten": _object(added=_WHOLE, changed=_WHOLE, unchanged=_WHOLE, dry_run=_TRUTH),
    "Me": _object(
        tenant=_object(slug=_TEXT, name=_TEXT, time_zone=_TEXT, language=_TEXT, currency=_TEXT, plan=_TEXT),
        kind=_one_of("person", "key", "device", "machine"),
        name=_TEXT,
        role=_one_of(*(role.label for role in Role)),
        permissions=_list(_TEXT),
        warehouses={"type": ["array", "null"], "items": _TEXT},
    ),
    "TillSession": _object(
        principal=_WHOLE,
        name=_TEXT,
        role=_one_of(*(role.label for role in Role)),
        permissions=_list(_TEXT),
        warehouses=_list(_object(code=_TEXT, name=_TEXT)),
        now=_TIME,
        csrf=_TEXT,
    ),
    "TillCatalogue": _object(
        items=_list(
            _object(
                sku=_TEXT,
                name=_TEXT,
                names={"type": "object", "additionalProperties": _TEXT},
                barcodes=_list(_object(code=_TEXT, kind=_one_of("barcode", "plu"))),
                unit=_TEXT,
                decimals=_WHOLE,
                category=_TEXT,
                price=_ref("Price"),
            )
        ),
        next=_NULLABLE,
    ),
    "Fact": _object(
        seq=_WHOLE,
        at=_TIME,
        fact=_TEXT,
        subject=_TEXT,
        about=_NULLABLE,
        by=_TEXT,
        by_id=_WHOLE,
        by_kind=_one_of("person", "key", "device", "machine", "system"),
        role=_one_of(*(role.label for role in Role)),
        address=_NULLABLE,
        session=_NULLABLE,
        body={"type": "object"},
        words={"type": "object"},
        hash=_TEXT,
    ),
    "Settings": _object(
        settings={"type": "object"},
        explained=_list(
            _object(name=_TEXT, group=_TEXT, value=_ANY, default=_ANY, changed=_TRUTH, fixed=_TRUTH, says=_TEXT),
        ),
        version=_WHOLE,
    ),
    "Person": {
        **_object(
            id=_WHOLE,
            name=_TEXT,
            email=_TEXT,
            role=_one_of(*(role.label for role in Role)),
            warehouses={"type": ["array", "null"], "items": _TEXT},
            disabled=_TRUTH,
            second_factor=_TRUTH,
            seen_at=_NULLABLE_TIME,
            created_at=_TIME,
            version=_WHOLE,
        ),
        "description": "`warehouses` is null for whoever is not limited to some.",
    },
    "Invitation": _object(
        id=_WHOLE,
        email=_TEXT,
        role=_one_of(*(role.label for role in Role)),
        warehouses={"type": ["array", "null"], "items": _TEXT},
        language=_one_of("en", "ru", "ky"),
        state=_one_of("open", "accepted", "revoked", "expired"),
        created_at=_TIME,
        expires_at=_TIME,
        invited_by=_TEXT,
    ),
    "Key": _object(**_KEY),
    "MadeKey": {
        **_object(**_KEY, secret=_NULLABLE),
        "description": "`secret` is told in the first answer only; a replay has null.",
    },
    "Issuer": _object(
        id=_WHOLE,
        issuer=_TEXT,
        audience=_TEXT,
        algorithm=_one_of(*ALGORITHMS),
        jwks_url=_NULLABLE,
        tenant_claim=_TEXT,
        role_claim=_TEXT,
        roles={"type": "object", "additionalProperties": _TEXT},
        scopes_claim=_NULLABLE,
        created_at=_TIME,
    ),
    "Machine": _object(id=_WHOLE, name=_TEXT, issuer=_TEXT, subject=_TEXT, role=_TEXT, seen_at=_TIME, revoked_at=_NULLABLE_TIME),
    "Permission": {
        **_object(name=_TEXT, says=_TEXT, roles=_list(_TEXT), whole_company=_TRUTH, named_only=_TRUTH),
        "description": "`whole_company`: not for those limited to warehouses. `named_only`: a program has it only if its scopes say so.",
    },
    "Roles": _object(permissions=_list(_ref("Permission")), roles=_list(_TEXT)),
    "Ticket": _object(ticket=_TEXT, expires_in=_WHOLE),
    "JobRun": {
        **_object(
            id=_WHOLE,
            attempt=_WHOLE,
            state=_one_of("running", "done", "stopped", "failed", "lost"),
            reason=_NULLABLE,
            started_at=_TIME,
            ended_at={"type": ["string", "null"], "format": "date-time"},
            here={"type": "object", "additionalProperties": _WHOLE},
        ),
        "description": "`here` counts what the run did for this company.",
    },
    "Job": _object(
        job=_TEXT,
        state=_one_of("off", "running", "asked", "given_up", "late", "retrying", "waiting"),
        every_s={"type": ["integer", "null"]},
        daily_at=_NULLABLE,
        next_run_at={"type": ["string", "null"], "format": "date-time"},
        failures=_WHOLE,
        last={"anyOf": [_ref("JobRun"), {"type": "null"}]},
    ),
    "JobsRan": _object(ran=_list(_object(job=_TEXT, run=_WHOLE, state=_one_of("done", "stopped", "failed", "lost")))),
    "Status": _object(status=_TEXT),
    "Document": {"type": "object"},
}
"""By name. Every property named here is always there; more may be added, so none of them closes."""
