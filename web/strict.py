"""JSON from outside, read strictly: what two readers could take for two different things is refused, not guessed.

A field that comes twice, NaN, numbers beyond 64 bits, half a surrogate pair, a byte that is not UTF-8: all are malformed.

What is read quickly and, written again, says the same to the byte, has none of these: a second field of a name would be gone, a
number would look different. Only what does not is read slowly, by a reader that can say what is wrong.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from kit.errors import Refused, refuse

INT_MAX = 2**63 - 1
DIGITS_MAX = 19
_SPACE = b" \t\n\r"
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * DIGITS_MAX


def loads(raw: bytes | str) -> Any:
    """The value of a JSON text. Refuses with `malformed_request` and says why."""
    found = _read_quickly(raw)
    return _read_slowly(raw) if found is None else found


def _read_quickly(raw: bytes | str) -> Any:
    """The value, or None when it is worth a closer look."""
    try:
        octets = raw.encode() if isinstance(raw, str) else raw
        value = orjson.loads(octets)
        said = octets.translate(None, _SPACE)
        again = orjson.dumps(value).translate(None, _SPACE)
    except (ValueError, TypeError):
        return None
    return value if said == again and _LONG_NUMBER not in said.translate(_AS_ZEROS) else None


def _read_slowly(raw: bytes | str) -> Any:
    try:
        text = raw if isinstance(raw, str) else raw.decode()
        value = _DECODER.decode(text)
        if "\\u" in text:
            orjson.dumps(value)  # a lone surrogate would travel on and fail where nobody expects it
    except RecursionError:
        raise _malformed("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    except json.JSONDecodeError as problem:
        raise _malformed(f"not JSON at line {problem.lineno}, column {problem.colno}") from None
    except TypeError:
        raise _malformed("it has half a surrogate pair") from None
    except ValueError as problem:
        raise _malformed(str(problem)) from None
    return value


def _malformed(why: str) -> Refused:
    return refuse("malformed_request", why=why)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field comes twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > DIGITS_MAX + 1 or abs(value := int(digits)) > INT_MAX:
        raise ValueError("a number is too large")
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
