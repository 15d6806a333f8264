"""What became of a stock command, as a status and a JSON body: one shape for HTTP, bulk and the socket."""

from __future__ import annotations

from typing import Any

from inventory.answer import Answer, Asked
from web import errors


def said(answer: Answer) -> tuple[int, dict[str, Any]]:
    """The status and the body, or the problem."""
    if answer.refusal is None:
        return answer.status, answer.body
    problem = errors.problem(answer.refusal)
    return int(problem["status"]), problem


def result(asked: Asked, answer: Answer) -> dict[str, Any]:
    """One command's part of a bulk answer: its status and key, then its answer or its problem."""
    status, body = said(answer)
    shown: dict[str, Any] = {"status": status, "key": asked.key}
    shown |= body if answer.refusal is None else {"problem": body}
    return shown | ({"replayed": True} if answer.replayed else {})
