"""`onhand passwords`: opens the door of a company again whose identity provider lets nobody in, from the machine it runs on."""

from __future__ import annotations

import asyncio
import getpass
import secrets
import sys
from argparse import Namespace

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from db.engine import make_engine
from events.unit_of_work import UnitOfWork, unit_of_work
from tenants import sso_store, store
from tenants.credentials import Passwords
from tenants.domain import SYSTEM, Role, normal_email
from tenants.sessions import end_sessions


def main(app_url: str, args: Namespace) -> int:
    """Turn passwords on again for `args.tenant` and give the admin `args.email` a new one, shown once. Exit 2: no such admin."""
    try:
        password = asyncio.run(_let_in(app_url, args.tenant, normal_email(args.email)))
    except (OSError, TimeoutError, SQLAlchemyError) as problem:
        print(f"Could not do it: {problem}", file=sys.stderr)
        return 2
    if password is None:
        print(f"{args.tenant} has no enabled admin {args.email}.", file=sys.stderr)
        return 2
    print(f"Passwords open {args.tenant} again. {args.email} has a new one, shown this once:\n\n  {password}\n")
    return 0


async def _let_in(app_url: str, slug: str, email: str) -> str | None:
    engine = make_engine(app_url, 1)
    try:
        return await let_in(engine, Passwords(), slug, email)
    finally:
        await engine.dispose()


async def let_in(engine: AsyncEngine, passwords: Passwords, slug: str, email: str) -> str | None:
    """The new password of an admin, with which and without the provider they come in. None: no such company or enabled admin."""
    password = secrets.token_urlsafe(18)
    password_hash = await passwords.hash(password)
    async with engine.begin() as connection:
        tenant = await store.enter(connection, slug)
    if tenant is None:
        return None
    async with unit_of_work(engine, tenant.id, SYSTEM.principal_id, SYSTEM.role) as work:
        user = await store.user_by_email(work.connection, tenant.id, email)
        if user is None or user.disabled_at is not None or user.actor.role is not Role.ADMIN:
            return None
        await _open_door(work, user.actor.principal_id, password_hash)
        admin = user.actor.principal_id
        await work.record("passwords_turned_on", str(admin), words={admin: {"host_user": getpass.getuser()}}, why="onhand passwords")
    return password


async def _open_door(work: UnitOfWork, principal_id: int, password_hash: str) -> None:
    providers, users = sso_store.identity_providers, store.users
    await work.connection.execute(update(providers).where(providers.c.tenant_id == work.tenant_id).values(passwords_off=False))
    mine = (users.c.tenant_id == work.tenant_id) & (users.c.principal_id == principal_id)
    await work.connection.execute(update(users).where(mine).values(password_hash=password_hash))
    await end_sessions(work, principal_id)
