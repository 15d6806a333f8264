"""Signing up: a company is asked for, the founder's e-mail is proven, and the company is founded behind the link."""

from __future__ import annotations

from zoneinfo import available_timezones

from quart import Blueprint, Response, request, url_for
from quart_babel import gettext

from inventory.catalog.service import found_units
from kit.text import is_slug, slug_from
from tenants.domain import LANGUAGES
from tenants.sign_ups import NewSignUp
from web import locale, respond, visitors
from web.access import public, require_same_site
from web.forms import Form, refusals_of, typed
from web.pages import door
from web.wiring import parts

pages = Blueprint("sign_up", __name__, url_prefix="/sign-up")

CURRENCIES = ("KGS", "KZT", "UZS", "RUB", "USD", "EUR", "GBP", "CNY", "TRY", "AED")
"""Offered first; any three letters will do."""
ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/")))


@pages.get("")
@public
async def show() -> Response:
    """The form, with what is likely."""
    parts().sign_ups.must_be_open()
    here = locale.language()
    local = ("Asia/Bishkek", "KGS") if here in ("ru", "ky") else ("", "USD")
    return await _page(Form({"language": here, "time_zone": local[0], "currency": local[1]}))


@pages.post("")
@public
async def ask() -> Response:
    """A letter goes out; the company is founded when its link is followed."""
    await require_same_site()
    parts().sign_ups.must_be_open()
    form = await typed()
    with refusals_of(form):
        email = form.text("email", 254)
        asked = NewSignUp(
            form.text("name"),
            form.text("slug", 63).lower(),
            form.text("time_zone", 64),
            form.choice("language", LANGUAGES),
            form.text("currency", 3).upper(),
            form.text("person"),
            email,
        )
        visitors.knock(parts().limits.letter_from_address, visitors.place())
        visitors.knock(parts().limits.letter_to_address, email.lower())
        await parts().sign_ups.ask(asked)
        return await respond.page("sign_up/sent.html", email=email, outbox=has_outbox())
    return await _page(form)


@pages.get("/slug")
@public
async def check_slug() -> Response:
    """What the field for the short name says: a proposal made of the company's name, and whether it is free."""
    visitors.knock(parts().limits.link_from_address, visitors.place())
    slug = request.args.get("slug", "").strip().lower()[:63] or slug_from(request.args.get("name", ""))
    form = Form({"slug": slug})
    free = is_slug(slug) and await parts().sign_ups.is_free(slug)
    if slug and not free:
        form.errors["slug"] = (
            gettext("There is already a company at %(slug)s.", slug=slug) if is_slug(slug) else gettext("This value does not fit.")
        )
    return await respond.fragment("sign_up/_slug.html", form=form, free=free)


@pages.get("/<link>")
@public
async def open_link(link: str) -> Response:
    """What the letter's link opens: a password, and the company stands. Looking spends nothing."""
    visitors.knock(parts().limits.link_from_address, visitors.place())
    asked = await parts().sign_ups.look(link)
    return await _password_page(Form({"slug": asked.slug}), link, asked)


@pages.post("/<link>")
@public
async def found(link: str) -> Response:
    """The company is founded and its founder is inside."""
    await require_same_site()
    visitors.knock(parts().limits.link_from_address, visitors.place())
    asked = await parts().sign_ups.look(link)
    form = await typed()
    with refusals_of(form):
        slug = form.text("slug", 63).lower()
        tenant, actor = await parts().sign_ups.found(link, slug, form["password"], found_units)
        signed_in = await parts().sessions.open(tenant, actor, visitors.visitor())
        return await door.through(signed_in, url_for("welcome.show", tenant=tenant.slug))
    form.values.pop("password", None)
    return await _password_page(form, link, asked)


def has_outbox() -> bool:
    """Whether letters are read on this machine instead of being sent."""
    wiring = parts().wiring
    return wiring.environment == "development" and wiring.mail is None


async def _page(form: Form) -> Response:
    return await respond.page("sign_up/ask.html", form.status, form=form, zones=ZONES, currencies=CURRENCIES)


async def _password_page(form: Form, link: str, asked: NewSignUp) -> Response:
    return await respond.page("sign_up/found.html", form.status, form=form, link=link, asked=asked)
