"""The command line: `onhand run | web | worker | replay | import-orders | verify | move | passwords | migrate`.

Imports late, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from app import guardian
from app.processes import end_with_parent
from app.settings import CannotStart, Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 found something wrong, 2 could not start."""
    args = parser().parse_args(argv)
    try:
        end_with_parent()
        code: int = args.command(args)
        return code
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """The arguments of every command."""
    top = argparse.ArgumentParser(prog="onhand", description="Multi-tenant inventory with a real-time core.")
    commands = top.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="start everything on this machine and keep it going")
    run.add_argument("--port", help="port of the web (8000)")
    run.add_argument("--engine", choices=("ray", "local"), help="where the stock shards live: Ray actors, or the web process")
    run.add_argument("--sales", metavar="FILE", help="replay this sales export once the web answers")
    _add_speed(run)
    run.set_defaults(command=_run)

    web = commands.add_parser("web", help="serve pages, API and live feeds")
    web.add_argument("--engine", choices=("ray", "local"), help="where the stock shards live")
    web.set_defaults(command=_web)

    replay = commands.add_parser("replay", help="play a sales export through the tills and prove the result")
    replay.add_argument("file", metavar="FILE", help="CSV or CSV.gz with one line per invoice line")
    _add_speed(replay)
    replay.add_argument("--url", help="where Onhand answers (the demo's address)")
    replay.add_argument("--tenant", metavar="SLUG", help="the company to replay into (the demo's)")
    replay.add_argument("--key", help="an API key of its manager or administrator (the demo's)")
    replay.set_defaults(command=_replay)

    imported = commands.add_parser("import-orders", help="import a delivery history as orders and receipts and prove the result")
    imported.add_argument("file", metavar="FILE", help="CSV or CSV.gz with one line per order line")
    imported.add_argument("--url", help="where Onhand answers (the demo's address)")
    imported.add_argument("--tenant", metavar="SLUG", help="the company to import into (the demo's)")
    imported.add_argument("--key", help="an API key of its administrator or manager (the demo's)")
    imported.set_defaults(command=_import_orders)

    verify = commands.add_parser("verify", help="prove that ledger, balances and reservations agree")
    verify.add_argument("--tenant", metavar="SLUG", help="of this company only")
    verify.add_argument("--deep", action="store_true", help="everything from the first row, instead of what came since the last proof")
    verify.add_argument("--resume", metavar="SLUG", help="let this company's halted stock be written again, if all of it holds now")
    verify.add_argument(
        "--rebuild",
        action="store_true",
        help="with --resume: first make balances, buckets, reservations and transfers anew from the ledger's rows, if those prove; "
        "without it --resume only tells what that would change",
    )
    verify.add_argument("--json", action="store_true", help="for machines")
    verify.set_defaults(command=_verify)

    worker = commands.add_parser("worker", help="do the work nobody waits for: prove ledgers as they grow, anchor them, run jobs when due")
    worker.add_argument("--once", type=float, metavar="SECONDS", help="only run the jobs that are due, for so long at most, and tell which")
    worker.set_defaults(command=_worker)

    move = commands.add_parser("move", help="place a company's stock on another shard, while it is worked with")
    move.add_argument("tenant", metavar="SLUG")
    move.add_argument("shard", type=int, metavar="SHARD", help="its number, counted from 0; beyond the last one it is counted around")
    move.set_defaults(command=_move)

    passwords = commands.add_parser("passwords", help="let an admin in by password when the identity provider lets nobody in")
    passwords.add_argument("tenant", metavar="SLUG")
    passwords.add_argument("email", metavar="EMAIL", help="of an enabled admin; gets a new password, shown once")
    passwords.set_defaults(command=_passwords)

    migrate = commands.add_parser("migrate", help="bring the schema of DATABASE_URL up to date")
    migrate.set_defaults(command=_migrate)
    return top


def _add_speed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--speed", default="max", metavar="N|max", help="days of sales per second, or as fast as it goes (max)")


def _settings(args: argparse.Namespace) -> Settings:
    """Settings of the environment, with what was said on the command line put over it."""
    said = {"ONHAND_PORT": getattr(args, "port", None), "ONHAND_ENGINE": getattr(args, "engine", None)}
    return Settings.from_env(os.environ | {variable: text for variable, text in said.items() if text})


def _run(args: argparse.Namespace) -> int:
    settings = _settings(args)

    def supervise() -> int:
        from app.run import Supervisor

        return Supervisor(settings, args.sales, args.speed).run()

    return guardian.guarded(supervise)


def _web(args: argparse.Namespace) -> int:
    from app import asgi, logs

    settings = _settings(args)
    logs.configure(settings.log_level)
    asgi.serve(settings)
    return 0


def _replay(args: argparse.Namespace) -> int:
    from app import replay

    return replay.main(args)


def _import_orders(args: argparse.Namespace) -> int:
    from app import import_orders

    return import_orders.main(args)


def _verify(args: argparse.Namespace) -> int:
    from app import logs, reach, verify

    settings = _settings(args)
    logs.configure(settings.log_level)
    with reach.database(settings) as urls:
        return verify.main(urls.engine, settings, args)


def _move(args: argparse.Namespace) -> int:
    from app import move, reach

    with reach.database(_settings(args)) as urls:
        return move.main(urls.engine, args)


def _passwords(args: argparse.Namespace) -> int:
    from app import passwords, reach

    with reach.database(_settings(args)) as urls:
        return passwords.main(urls.app, args)


def _worker(args: argparse.Namespace) -> int:
    from app import logs, worker

    settings = _settings(args)
    logs.configure(settings.log_level)
    return worker.once(settings, args.once) if args.once else worker.serve(settings)


def _migrate(args: argparse.Namespace) -> int:
    from app import provision

    settings = _settings(args)
    if not settings.database_url:
        raise CannotStart("DATABASE_URL must name the database to migrate; `onhand run` migrates its own.")
    urls = asyncio.run(provision.given(settings))
    provision.migrate(urls.owner)
    return 0


if __name__ == "__main__":
    sys.exit(main())
