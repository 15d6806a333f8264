"""Choosing: the settings of a company, and what a person prefers for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.unit_of_work import UnitOfWork, unit_of_work
from kit.errors import refuse, unless
from tenants import settings, store
from tenants.callers import Callers
from tenants.domain import Actor, Tenant
from tenants.settings import BY_NAME, OF_COMPANY, SETTINGS, Choices, Settings, Value


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings of a company as of now: every one by its name, and the version that a change must have seen."""

    values: Mapping[str, Value]
    version: int


@dataclass(frozen=True, slots=True)
class Company:
    """What may be chosen, and who forgets what was before."""

    engine: AsyncEngine
    callers: Callers

    async def change(self, work: UnitOfWork, by: Actor, wanted: Mapping[str, Value | None], seen: int, *, currency_is_used: bool) -> Chosen:
        """Choose anew what is named; None goes back to the default. Refuses what does not fit, a currency that costs are kept in,
        and whoever has not seen the last version. What changes nothing leaves no fact."""
        if not by.may("settings.write"):
            raise refuse("not_allowed", permission="settings.write", role=by.role.label)
        row = await _locked(work)
        if row.version != seen:
            raise refuse("version_conflict", {"field": "If-Match", "expected": seen, "actual": row.version})
        before = _values(row)
        unless(settings.refusal(before, wanted, currency_is_used=currency_is_used))
        plain = {name: BY_NAME[name].default if value is None else _trimmed(value) for name, value in wanted.items()}
        changed = {name: value for name, value in plain.items() if value is not None and value != before[name]}
        after = {**before, **changed}
        if changed:
            await _write(work, after, row.version + 1)
            await work.record("settings_changed", row.slug, before={name: before[name] for name in changed}, after=changed)
            work.after.append(lambda: self.callers.forget_company(work.tenant_id))
        return Chosen(after, row.version + bool(changed))

    async def prefer(self, tenant: Tenant, by: Actor, choices: Choices) -> None:
        """The time zone and formats a person reads Onhand in."""
        unless(choices.refusal())
        table = store.users
        kept = {name: value for name, value in asdict(choices).items() if value is not None}
        async with unit_of_work(self.engine, tenant.id, by.principal_id, by.role) as work:
            mine = (table.c.tenant_id == tenant.id) & (table.c.principal_id == by.principal_id)
            await work.connection.execute(update(table).where(mine).values(choices=kept))
        self.callers.forget(tenant.id, by.principal_id)


async def chosen(connection: AsyncConnection, tenant_id: int) -> Chosen:
    """What a company has chosen."""
    row = (await connection.execute(select(store.tenants).where(store.tenants.c.id == tenant_id))).one()
    return Chosen(_values(row), row.version)


async def _locked(work: UnitOfWork) -> Row[tuple[object, ...]]:
    return (await work.connection.execute(select(store.tenants).where(store.tenants.c.id == work.tenant_id).with_for_update())).one()


async def _write(work: UnitOfWork, values: Mapping[str, Value], version: int) -> None:
    kept = {each.name: values[each.name] for each in SETTINGS if each.group != "company" and values[each.name] != each.default}
    own = {name: values[name] for name in OF_COMPANY}
    table = store.tenants
    await work.connection.execute(update(table).where(table.c.id == work.tenant_id).values(**own, settings=kept, version=version))


def _values(row: Row[tuple[object, ...]]) -> dict[str, Value]:
    return {**{name: getattr(row, name) for name in OF_COMPANY}, **asdict(Settings.of(row.settings))}


def _trimmed(value: Value) -> Value:
    return value.strip() if isinstance(value, str) else value
