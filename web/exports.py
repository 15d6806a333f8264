"""Lists that leave the house as files: each leaves a fact, and without that it does not leave."""

from __future__ import annotations

from quart import Quart, Response, g, request

from web import refusals, respond
from web.access import ctx

LIST_EXPORTED = "list_exported"


def install(app: Quart) -> None:
    """Watch the answers of the app for files."""
    app.after_request(_tell)


async def _tell(response: Response) -> Response:
    if "exported" not in g or response.status_code != 200:
        return response
    context = ctx()
    try:
        async with context.writing() as work:
            # What was searched for may name people, so it can be erased with whoever searched.
            words = {context.actor.principal_id: {"query": request.query_string.decode("latin-1")[:500]}}
            await work.record(LIST_EXPORTED, g.exported, words=words, path=request.path)
    except Exception as problem:  # whatever it is, the file stays here
        return await refusals.answer(refusals.of_failure(problem, respond.request_id()))
    return response
