"""Secrets that are sealed before they are stored."""

from __future__ import annotations

import pytest

from tenants.seal import Seal, SealBroken

SECRET = "a secret of the app, as long as it should be"


def test_opens_what_it_closed_for_the_same_row():
    sealed = Seal(SECRET).close("client-secret", 7, "oidc", "client_secret")
    assert b"client-secret" not in sealed
    assert Seal(SECRET).open(sealed, 7, "oidc", "client_secret") == "client-secret"


def test_seals_the_same_text_differently_each_time():
    seal = Seal(SECRET)
    assert seal.close("same", 1) != seal.close("same", 1)


@pytest.mark.parametrize("bound_to", [(8, "oidc"), (7, "totp"), (7,), (7, "oi", "dc"), ("7oidc",), ()])
def test_does_not_open_for_another_tenant_or_purpose(bound_to):
    sealed = Seal(SECRET).close("text", 7, "oidc")
    with pytest.raises(SealBroken):
        Seal(SECRET).open(sealed, *bound_to)


def test_does_not_open_under_another_secret():
    sealed = Seal(SECRET).close("text", 7)
    with pytest.raises(SealBroken):
        Seal(SECRET + "!").open(sealed, 7)


def test_refuses_whatever_was_changed():
    sealed = Seal(SECRET).close("text", 7)
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealBroken):
            Seal(SECRET).open(changed, 7)
    for short in (b"", sealed[:1], sealed[:12], sealed[:-1]):
        with pytest.raises(SealBroken):
            Seal(SECRET).open(short, 7)
