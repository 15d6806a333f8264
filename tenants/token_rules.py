"""Rules for tokens (JWT) that somebody else signed: which are read at all, whose key must fit, what they must say.

Pure: the token, the issuer's keys and the time come in; the claims or a `BadToken` come out. What a token's own header says
is never followed, only compared: neither an algorithm of its choice nor a key it brings or points to is used.
"""

from __future__ import annotations

import json
import warnings
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

# RFC 9864 renames EdDSA with this curve to Ed25519; issuers still say EdDSA, and for us it is that curve only.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Public keys only: with HS256 whoever knows the issuer's public key could sign."""
LENGTH_MAX = 8_192
LEEWAY_S = 60
"""How far the issuer's clock may be from ours."""
LIFE_WITHOUT_ID_S = 600
"""A token that cannot be denied by its id (jti) must end this soon by itself."""
LIFE_MAX_S = 24 * 3600
RSA_BITS_MIN = 2048
SUBJECT_LENGTH_MAX = 255

_TYPES = (None, "jwt", "at+jwt", "application/at+jwt")
_HEADER = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256", "cty"})
"""What a header may have. Not: jwk, jku, x5u, x5c (keys from the token itself), crit, b64, zip (other ways of reading it)."""
_SHAPES = {"RS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
_KEYS: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
Json = Mapping[str, Any]


class BadToken(Exception):
    """Why a token is not taken: for the log, never for whoever brought it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must be of: issuer and audience exactly, and one of these algorithms."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unproven:
    """What a token says before anybody has proven it: good for choosing an issuer and a key, for nothing else."""

    algorithm: str
    kid: str | None
    claims: Json


def looks_like_token(text: str) -> bool:
    """Whether a text has the shape of a token at all."""
    return text.count(".") == 2 and text.startswith("ey") and len(text) <= LENGTH_MAX


def read(token: str) -> Unproven:
    """What the token says of itself. Raises BadToken when it should not even be tried."""
    if len(token) > LENGTH_MAX or not token.isascii() or token.count(".") != 2:
        raise BadToken("not a token of ours to read")
    header, claims, _ = token.split(".")
    said = _object(header)
    strange = set(said) - _HEADER
    if strange:
        raise BadToken(f"header with {', '.join(sorted(strange))[:80]}")
    algorithm, kid, kind = said.get("alg"), said.get("kid"), said.get("typ")
    if algorithm not in ALGORITHMS:
        raise BadToken("algorithm not allowed")
    if kid is not None and (not isinstance(kid, str) or not 0 < len(kid) <= 256):
        raise BadToken("kid is no text")
    if kind is not None and (not isinstance(kind, str) or kind.lower() not in _TYPES):
        raise BadToken("another type of token")
    return Unproven(algorithm, kid, _object(claims))


def verified(token: str, expected: Expected, keys: Sequence[Json], now_s: float) -> Json:
    """The claims of a token that one of the issuer's keys signed and that is valid now. Raises BadToken."""
    unproven = read(token)
    if unproven.algorithm not in expected.algorithms:
        raise BadToken("algorithm not allowed")
    key = _key(key_for(unproven, keys), unproven.algorithm)
    try:
        jws.deserialize_compact(token, key, algorithms=[unproven.algorithm])
    except (JoseError, ValueError) as problem:
        raise BadToken("signature does not fit") from problem
    _check(unproven.claims, expected, now_s)
    return unproven.claims


def key_for(unproven: Unproven, keys: Sequence[Json]) -> Json | None:
    """The issuer's key that the token names; without a name the only one that fits."""
    kind, curve = _SHAPES[unproven.algorithm]
    fitting = [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("crv") == curve
        and key.get("use", "sig") == "sig"
        and key.get("alg", unproven.algorithm) in (unproven.algorithm, curve)
    ]
    if unproven.kid is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.get("kid") == unproven.kid), None)


def life_refusal(claims: Json, now_s: float) -> str | None:
    """Why a program's token lives too long: one that cannot be denied by its id must be short."""
    begun = min(claims["iat"], now_s) if "iat" in claims else now_s
    most = LIFE_MAX_S if isinstance(claims.get("jti"), str) and 0 < len(claims["jti"]) <= 256 else LIFE_WITHOUT_ID_S
    return "lives too long" if claims["exp"] - begun > most + LEEWAY_S else None


def claim(claims: Json, name: str) -> Any:
    """The value of a claim. `a.b` looks into nested claims where there is no claim of just this name."""
    value: Any = claims.get(name)
    if value is None and "." in name:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def values_of(claims: Json, name: str) -> tuple[str, ...]:
    """A claim as texts: one or a list. Never words of one: a group `former admin` is not the group `admin`."""
    value = claim(claims, name)
    return (value,) if isinstance(value, str) else tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _check(claims: Json, expected: Expected, now_s: float) -> None:
    audience = claims.get("aud")
    subject = claims.get("sub")
    if claims.get("iss") != expected.issuer:
        raise BadToken("another issuer")
    if expected.audience not in (audience if isinstance(audience, list) else [audience]):
        raise BadToken("another audience")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH_MAX or not subject.isprintable():
        raise BadToken("no subject")
    for name in ("exp", "nbf", "iat"):
        if name in claims and (isinstance(claims[name], bool) or not isinstance(claims[name], (int, float))):
            raise BadToken(f"{name} is no time")
    if "exp" not in claims or claims["exp"] <= now_s - LEEWAY_S:
        raise BadToken("expired")
    if max(claims.get("nbf", 0), claims.get("iat", 0)) > now_s + LEEWAY_S:
        raise BadToken("not valid yet")


def _key(found: Json | None, algorithm: str) -> RSAKey | ECKey | OKPKey:
    if found is None:
        raise BadToken("no such key")
    kind = _SHAPES[algorithm][0]
    # Private parts and options have no business in a published key: only what verifies is taken over.
    public = {name: found[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in found}
    try:
        key = _KEYS[kind].import_key(public)
        if isinstance(key, RSAKey) and key.raw_value.key_size < RSA_BITS_MIN:
            raise BadToken("key too short")
    except (JoseError, ValueError, TypeError) as problem:
        raise BadToken("key cannot be used") from problem
    return key


def _object(part: str) -> dict[str, Any]:
    try:
        raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
        value = json.loads(raw, object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except (NotBase64, ValueError, RecursionError) as problem:
        raise BadToken("cannot be read") from problem
    if not isinstance(value, dict):
        raise BadToken("cannot be read")
    return value


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field comes twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
