"""The demo companies: made on the first start, found again on every other, with their sign-ins in `demo.json`.

Runs beside the start of the engine, so it moves the demo stock with an engine of its own, in this process; whoever owns a
partition afterwards simply takes over. Everything is done under fixed keys: a start that was cut short goes on where it was.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors.local import LocalEngine
from app.demo_goods import COMPANIES, Company, barcode
from app.demo_orders import ORDERS, order
from app.demo_suppliers import OFFERS, SUPPLIERS
from app.demo_week import Deed, Week, week_of
from app.provision import Urls
from app.server import write_private
from app.settings import CannotStart, Settings
from billing.entitlements import may_add
from db.engine import make_engine
from db.tenancy import reading
from events.store import facts
from events.unit_of_work import UnitOfWork, unit_of_work
from inventory import stock
from inventory.catalog import messages as catalog
from inventory.catalog import queries as catalog_queries
from inventory.catalog import service as catalog_service
from inventory.context import Context, Stock, Unavailable
from inventory.locations import messages as places
from inventory.locations import queries as places_queries
from inventory.locations import service as places_service
from inventory.suppliers import queries as suppliers_queries
from inventory.suppliers import service as suppliers_service
from kit.clock import SECOND, now_us, rfc3339, to_us
from kit.quantity import format_qty
from tenants import store
from tenants.callers import Callers
from tenants.credentials import Passwords
from tenants.domain import Actor, Role, Tenant
from tenants.keys import Keys
from tenants.messages import NewCompany, NewKey, NewUser
from tenants.service import People

FILLED = "demo_filled"
_HOUR = 3600 * SECOND
_TRIES = 5
Json = dict[str, Any]
_Made = TypeVar("_Made")


async def ensure(settings: Settings, urls: Urls) -> Json:
    """Both companies with people, goods, a week of stock and known passwords; the content of `demo.json`, which is written too."""
    engine = make_engine(urls.app, pool_size=4)
    passwords = Passwords()
    try:
        people = People(engine, passwords, Callers(engine, now_us, remembered_s=0.0), now_us, may_add)
        known = _read(settings.var / "demo.json")
        made = (_company(people, urls.engine, company, known.get(company.slug)) for company in COMPANIES)
        first, second = await _together(made)
        # What was read of the first company holds the address of the last start.
        content = {**first, "url": f"http://{settings.host}:{settings.port}", "other_tenant": second}
        write_private(settings.var / "demo.json", content)
        return content
    finally:
        passwords.close()
        await engine.dispose()


def _read(path: Path) -> dict[str, Json]:
    """What was written before, by company; nothing if that cannot be read."""
    try:
        written = json.loads(path.read_text())
        return {each["tenant"]: each for each in (written, written["other_tenant"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


async def _company(people: People, engine_url: str, company: Company, known: Json | None) -> Json:
    tenant = await _tenant(people.engine, company.slug)
    if tenant is None:
        tenant, known = await _found(people, company), None
    if known is None or not await _still_opens(people, known):
        known = await _sign_ins(people, tenant, company)
    await _fill(people.engine, engine_url, tenant, company)
    return known


async def _tenant(engine: AsyncEngine, slug: str) -> Tenant | None:
    async with engine.begin() as connection:
        return await store.enter(connection, slug)


async def _found(people: People, company: Company) -> Tenant:
    role, name = company.people[0]
    asked = NewCompany(company.slug, company.name, company.time_zone, company.language, company.currency, company.plan)
    admin = NewUser(name, _email(company, name), secrets.token_urlsafe(24), Role[role.upper()])
    tenant, _ = await people.found(asked, admin, catalog_service.found_units)
    return tenant


async def _still_opens(people: People, known: Json) -> bool:
    """Whether what was written is still true: the database may be another one, or somebody changed a password."""
    user, key = known["users"][0], known["api_keys"][0]["key"]
    async with people.engine.begin() as connection:
        tenant = await store.enter(connection, known["tenant"])
        stored = await store.user_by_email(connection, tenant.id, user["email"]) if tenant else None
    if stored is None or not await people.passwords.matches(user["password"], stored.password_hash):
        return False
    return await people.callers.of_key(key) is not None


async def _sign_ins(people: People, tenant: Tenant, company: Company) -> Json:
    """Everybody with a new password, and new keys in place of the old ones."""
    admin = await _admin(people.engine, tenant, company)
    users, keys = [], []
    for role, name in company.people:
        password = secrets.token_urlsafe(9)
        await _user(people, tenant, admin, NewUser(name, _email(company, name), password, Role[role.upper()]))
        users.append({"role": role, "email": _email(company, name), "password": password})
    await _revoke_old(people, tenant, admin)
    for role, _ in company.people:
        made = await _keys(people).make(tenant, admin, NewKey(f"Demo {role}", Role[role.upper()]))
        keys.append({"role": role, "key": made.text})
    return {"tenant": tenant.slug, "users": users, "api_keys": keys}


async def _user(people: People, tenant: Tenant, admin: Actor, new: NewUser) -> None:
    async with reading(people.engine, tenant.id) as connection:
        there = await store.user_by_email(connection, tenant.id, new.email)
    if there is None:
        await people.add_user(tenant, admin, new)
    else:
        await people.set_password(tenant, admin, there.actor.principal_id, new.password)


async def _revoke_old(people: People, tenant: Tenant, admin: Actor) -> None:
    async with reading(people.engine, tenant.id) as connection:
        rows = await store.keys_of(connection, tenant.id)
    async with unit_of_work(people.engine, tenant.id, admin.principal_id, admin.role) as work:
        for row in rows:
            if row.name.startswith("Demo ") and row.revoked_at is None:
                await _keys(people).revoke(work, tenant, admin, row.actor.principal_id)


def _keys(people: People) -> Keys:
    return Keys(people.engine, people.callers, people.clock, people.may_add)


async def _admin(engine: AsyncEngine, tenant: Tenant, company: Company) -> Actor:
    async with reading(engine, tenant.id) as connection:
        return await _actor(connection, tenant, company, company.people[0][1])


async def _actor(connection: AsyncConnection, tenant: Tenant, company: Company, name: str) -> Actor:
    user = await store.user_by_email(connection, tenant.id, _email(company, name))
    if user is None:
        raise CannotStart(f"There is a company {tenant.slug} that is not the demo's; start with another database for the demo.")
    return user.actor


async def _fill(engine: AsyncEngine, engine_url: str, tenant: Tenant, company: Company) -> None:
    """Places, goods and a week of stock, unless that was done before."""
    async with reading(engine, tenant.id) as connection:
        filled = select(facts.c.id).where(facts.c.tenant_id == tenant.id, facts.c.name == FILLED).order_by(facts.c.id).limit(1)
        if (await connection.execute(filled)).scalar_one_or_none() is not None:
            return
        founded = select(store.tenants.c.created_at).where(store.tenants.c.id == tenant.id)
        founded_on = (await connection.execute(founded)).scalar_one().astimezone(ZoneInfo(tenant.time_zone))
        by_role = {role: await _actor(connection, tenant, company, name) for role, name in company.people}
    midnight_us = to_us(founded_on.replace(hour=0, minute=0, second=0, microsecond=0))
    week = week_of(company)
    async with _stock(engine_url) as desk:
        hands = {role: Context(tenant, actor, desk, engine, now_us) for role, actor in by_role.items()}
        ctx = hands["admin"]
        async with ctx.writing() as work:
            await _catalogue(ctx, work, company, week)
            await _suppliers(ctx, work, company)
        # Deeds of one kind in a row go together: the engine keeps their order, and one commit carries many.
        for _, run in groupby(enumerate(week.deeds), key=lambda numbered: numbered[1].verb):
            await _together(_do(hands[deed.role], f"demo:{number}", deed, midnight_us) for number, deed in run)
        for number, ordered in enumerate(ORDERS[company.slug]):
            await order(hands["manager"], f"demo:order:{number}", ordered, midnight_us)
        async with ctx.writing() as work:
            await work.record(FILLED, tenant.slug)


async def _catalogue(ctx: Context, work: UnitOfWork, company: Company, week: Week) -> None:
    there = {each.code for each in await places_queries.warehouses_of(work.connection, work.tenant_id, archived=None)}
    for code, name in company.warehouses:
        if code not in there:
            await places_service.create_warehouse(ctx, work, places.NewWarehouse(code, name))
    items = [
        catalog.NewItem(
            sku=good.sku,
            name=good.name,
            base_unit=good.unit,
            category=good.category,
            price=catalog.Money(good.price, company.currency),
        )
        for good in company.goods
    ]
    made = set(await catalog_service.create_items(ctx, work, items))
    for number, good in enumerate(company.goods):
        if good.sku in made:
            await catalog_service.add_barcode(ctx, work, good.sku, catalog.NewBarcode(barcode(number + 1)))
    units = {unit.code: unit.decimals for unit in await catalog_queries.units_of(work.connection, work.tenant_id)}
    decimals = {good.sku: units[good.unit] for good in company.goods}
    for (sku, warehouse), (low, high) in week.limits.items():
        bounds = [format_qty(each, decimals[sku]) for each in (low, high)]
        await catalog_service.set_limits(ctx, work, sku, catalog.NewLimits(warehouse, *bounds))


async def _suppliers(ctx: Context, work: UnitOfWork, company: Company) -> None:
    """Whom the company buys from. All of it is made at once, so when one is there all are."""
    if await suppliers_queries.supplier_by_code(work.connection, work.tenant_id, SUPPLIERS[company.slug][0].code):
        return
    currencies = {}
    for new in SUPPLIERS[company.slug]:
        currencies[new.code] = (await suppliers_service.create_supplier(ctx, work, new)).currency
    for sold in OFFERS[company.slug]:
        if unit := sold.unit():
            await catalog_service.set_item_unit(ctx, work, sold.sku, unit)
        await suppliers_service.add_item(ctx, work, sold.supplier, sold.offer(currencies[sold.supplier]))


async def _do(ctx: Context, key: str, deed: Deed, midnight_us: int) -> None:
    at = {} if deed.hours is None else {"effective_at": rfc3339(midnight_us - int(deed.hours * _HOUR))}
    for left in reversed(range(_TRIES)):
        try:
            answer = await stock.perform(ctx, deed.verb, key, deed.body | at)
        except Unavailable:
            if not left:
                raise
            continue
        assert answer.refusal is None, f"the plan does not work out: {deed} → {answer.refusal}"
        return


async def _together(works: Iterable[Awaitable[_Made]]) -> list[_Made]:
    """What all of them made. When one fails the others still end before its reason is raised."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return cast(list[_Made], ended)


@asynccontextmanager
async def _stock(engine_url: str) -> AsyncIterator[Stock]:
    engine = LocalEngine(engine_url, lambda tenant, part, seq: None, lambda: None)
    yield await engine.start()
    await engine.close()


def _email(company: Company, name: str) -> str:
    return f"{name.split()[0].lower()}@{company.slug}.example"
