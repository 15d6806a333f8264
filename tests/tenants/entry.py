"""The ways in, as tests use them: on the world's database and clock, with letters that stay in the outbox or go to a carrier."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select

from billing.entitlements import may_add
from db.tenancy import set_tenant
from events.store import facts
from events.unit_of_work import unit_of_work
from tenants.account import Accounts
from tenants.credentials import fingerprint, slug_of_session
from tenants.domain import Actor, Role, Tenant
from tenants.invitations import Invitation, Invitations, NewInvitation
from tenants.mails import Deliver, Letter, Mail, Post
from tenants.messages import Caller, SignedIn, Visitor
from tenants.resets import Resets
from tenants.seal import Seal
from tenants.second_factor import SecondFactors
from tenants.sign_ups import SignUps
from tenants.staff import Staff
from tests.people import Person, World
from tests.tenants.clocks import MovableClock

SECRET = "a secret of tests that is long enough"
HERE = Visitor(None, "Firefox, Linux", "192.0.2.7")


@dataclass
class Ways:
    """Everything by which people come in, and who came."""

    world: World
    clock: MovableClock
    deliver: Deliver | None = None
    keeps: bool = True
    sign_up_open: bool = True
    post: Post = field(init=False)

    def __post_init__(self) -> None:
        world, clock, engine = self.world, self.clock, self.world.engine
        seal = Seal(SECRET)
        self.post = Post(engine, clock, seal, self.deliver, self.keeps)
        self.sign_ups = SignUps(engine, world.people, clock, self.post, self.sign_up_open)
        self.invitations = Invitations(engine, world.passwords, clock, self.post, may_add)
        self.resets = Resets(engine, world.passwords, world.callers, clock, self.post)
        self.second_factors = SecondFactors(engine, world.passwords, world.sessions, world.callers, clock, seal, self.post)
        self.accounts = Accounts(engine, world.passwords, world.sessions, world.callers, clock, self.post)
        self.staff = Staff(world.callers, clock, may_add)

    def work(self, who: Person) -> object:
        """A transaction of somebody."""
        return unit_of_work(self.world.engine, who.tenant.id, who.actor.principal_id, who.actor.role)

    async def letters_to(self, email: str) -> list[Mail]:
        """Letters to somebody, newest first."""
        return [mail for mail in await self.post.outbox(500) if mail.letter.to == email]

    async def link_to(self, email: str) -> str:
        """The link of the latest letter to somebody."""
        letter: Letter = (await self.letters_to(email))[0].letter
        return letter.facts["link"]

    async def invited(self, by: Person, email: str, role: Role = Role.OPERATOR, **more: object) -> Invitation:
        """Somebody is invited."""
        async with self.work(by) as work:  # type: ignore[attr-defined]
            return await self.invitations.invite(work, by.tenant, by.actor, NewInvitation(email, role, "en", **more))  # type: ignore[arg-type]

    async def came(self, tenant: Tenant, actor: Actor) -> Caller:
        """Somebody with a session."""
        return (await self.world.sessions.open(tenant, actor, HERE)).caller

    async def is_open(self, signed_in: SignedIn) -> bool:
        """Whether a session is in the database: no process remembers anything about it."""
        found = await self.world.callers.again(Caller(signed_in.caller.tenant, signed_in.caller.actor, fingerprint(signed_in.cookie)))
        assert slug_of_session(signed_in.cookie) == signed_in.caller.tenant.slug
        return found is not None


async def facts_of(world: World, tenant: Tenant) -> list[str]:
    """Names of the company's facts, in the order they were written."""
    async with world.engine.begin() as connection:
        await set_tenant(connection, tenant.id)
        return list((await connection.execute(select(facts.c.name).order_by(facts.c.id))).scalars())
