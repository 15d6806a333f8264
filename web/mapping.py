"""What somebody else says, mapped to roles: one `group = role` a line, as people write it into a form."""

from __future__ import annotations

from collections.abc import Mapping

from kit.errors import refuse
from kit.text import clean
from web import rights
from web.forms import Form

TEXT_MAX = 20_000


def read_roles(form: Form, name: str) -> dict[str, str]:
    """Value -> role of a field. A value may contain `=`: the last one divides. Refuses a line that is none."""
    mapped: dict[str, str] = {}
    for line in form[name][:TEXT_MAX].splitlines():
        if not line.strip():
            continue
        value, divided, role = line.rpartition("=")
        try:
            value = clean(value, 200)
        except ValueError as problem:
            raise refuse("invalid_value", {"field": name, "code": str(problem)}) from None
        if not divided or not value or role.strip().lower() not in rights.role_labels():
            raise refuse("not_a_mapping", {"field": name, "line_text": line.strip()[:80]})
        mapped[value] = role.strip().lower()
    return mapped


def write_roles(roles: Mapping[str, str]) -> str:
    """The same, for the field."""
    return "\n".join(f"{value} = {role}" for value, role in roles.items())
