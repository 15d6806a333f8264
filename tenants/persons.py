"""A person's row and what every verb about people asks of it first."""

from __future__ import annotations

from sqlalchemy import update

from events.unit_of_work import UnitOfWork
from kit.errors import refuse, unless
from tenants import store
from tenants.domain import SYSTEM, Actor, normal_email, permission_refusal, user_refusal
from tenants.messages import NewUser


def permit(by: Actor, permission: str) -> None:
    """Raise `not_allowed` unless they may."""
    unless(permission_refusal(by, permission))


def checked(new: NewUser) -> str:
    """The e-mail as it is stored. Raises what speaks against the person."""
    email = normal_email(new.email)
    unless(user_refusal(new.name, email, new.password, new.role))
    return email


async def add_user(work: UnitOfWork, new: NewUser, email: str, password_hash: str, language: str | None = None) -> Actor:
    """A new person who may sign in."""
    principal_id = await store.add_principal(work.connection, work.tenant_id, "person", new.name.strip())
    await work.connection.execute(
        store.users.insert().values(
            tenant_id=work.tenant_id,
            principal_id=principal_id,
            email=email,
            password_hash=password_hash,
            role=int(new.role),
            language=language,
        )
    )
    words = {principal_id: {"name": new.name.strip(), "email": email}}
    # Where the system lets somebody in by a link, the address is that person's own.
    caller = principal_id if work.principal_id == SYSTEM.principal_id else None
    await work.record("user_added", str(principal_id), words=words, caller=caller, role=new.role.label)
    return Actor(principal_id, "person", new.name.strip(), new.role, language)


async def person(work: UnitOfWork, principal_id: int) -> store.UserRow:
    """The person, kept from others' changes until the transaction ends. Raises `not_found`."""
    user = await store.user_by_id(work.connection, work.tenant_id, principal_id, lock=True)
    if user is None:
        raise refuse("not_found")
    return user


async def keep_an_admin(work: UnitOfWork, leaving: int) -> None:
    """Raise `last_admin` if nobody would be left to let people in."""
    if await store.admins(work.connection, work.tenant_id) == {leaving}:
        raise refuse("last_admin", {"field": "role"})


async def change_user(work: UnitOfWork, principal_id: int, **values: object) -> None:
    """Change the person's row; its version grows."""
    table = store.users
    await work.connection.execute(
        update(table)
        .where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id)
        .values(version=table.c.version + 1, **values)
    )
