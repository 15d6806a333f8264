"""Words that schemas are made of."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NULLABLE: Schema = {"type": ["string", "null"]}
TIME: Schema = {"type": "string", "format": "date-time"}
NULLABLE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
NULLABLE_DAY: Schema = {"type": ["string", "null"], "format": "date"}
ANY: Schema = {"type": ["string", "integer", "null"]}
WHOLE: Schema = {"type": "integer"}
NULLABLE_WHOLE: Schema = {"type": ["integer", "null"]}
TRUTH: Schema = {"type": "boolean"}
QUANTITY: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d{1,6})?$", "examples": ["6", "0.150"]}


def obj(**properties: Schema) -> Schema:
    """An object with all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def ref(name: str) -> Schema:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(of: Schema) -> Schema:
    """A list of it."""
    return {"type": "array", "items": of}


def one_of(*words: str) -> Schema:
    """One of some words."""
    return {"type": "string", "enum": list(words)}
