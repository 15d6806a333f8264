"""Numbers for Prometheus: requests, the shards' own counts, the feed, the jobs. For this machine only."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from quart import Blueprint, Quart, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from events.jobs import JobHealth, health
from kit.errors import refuse
from web.access import public
from web.api.operation import operation
from web.wiring import Wiring

LOOPBACK = ("127.0.0.1", "::1")
_PASSED_ON = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

routes = Blueprint("api_metrics", __name__)


@routes.get("/metrics")
@public
@operation("Numbers for Prometheus, on this machine only", media="text/plain", public=True, refuses=(404,))
async def metrics() -> Response:
    """To others it is as if it were not there, also behind a proxy of ours."""
    if request.remote_addr not in LOOPBACK or any(name in request.headers for name in _PASSED_ON):
        raise refuse("not_found")
    counted: Metrics = current_app.extensions["onhand_metrics"]
    await counted.jobs.look()
    return Response(generate_latest(counted.registry), content_type=CONTENT_TYPE_LATEST)


class Metrics:
    """What one app counts. A registry of its own, so that two apps in a process (tests) do not collide."""

    def __init__(self, wiring: Wiring) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("onhand_requests", "Requests by route and status.", ("method", "route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "onhand_request_seconds", "Time to answer by route.", ("method", "route"), buckets=_BUCKETS, registry=self.registry
        )
        self._requests: dict[tuple[str, str, int], Counter] = {}
        self._seconds: dict[tuple[str, str], Histogram] = {}
        self.registry.register(Engine(wiring))
        self.jobs = Jobs(wiring)
        self.registry.register(self.jobs)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request. The route, not the address: an address names things, and every one would be another series."""
        counted = self._requests.get((method, route, status))
        if counted is None:
            counted = self._requests[method, route, status] = self.requests.labels(method, route, str(status))
        counted.inc()
        took = self._seconds.get((method, route))
        if took is None:
            took = self._seconds[method, route] = self.seconds.labels(method, route)
        took.observe(seconds)


class Engine(Collector):
    """What the shards and the feed count, read when it is asked for."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def collect(self) -> Iterable[Metric]:
        """One gauge per count, labelled by shard."""
        readers = GaugeMetricFamily("onhand_feed_readers", "Open live feeds of this process.")
        feed = self._wiring.feed
        readers.add_metric([], feed.subscriptions() if feed is not None else 0)
        yield readers
        alive = GaugeMetricFamily("onhand_shard_up", "Whether a shard answers.", labels=["shard"])
        counts: dict[str, GaugeMetricFamily] = {}
        for number, shard in enumerate(shards_of(self._wiring)):
            alive.add_metric([str(number)], 1.0 if shard is not None else 0.0)
            for name, value in (shard or {}).items():
                if isinstance(value, (int, float)):
                    family = counts.setdefault(name, GaugeMetricFamily(f"onhand_shard_{name}", f"{name} of the shard.", labels=["shard"]))
                    family.add_metric([str(number)], float(value))
        yield alive
        yield from counts.values()


class Jobs(Collector):
    """How the jobs stand, as it was at the last look."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._found: list[JobHealth] = []

    async def look(self) -> None:
        """Read it. While the database cannot be asked there are no numbers of jobs; the others are told all the same."""
        self._found = []
        with suppress(OSError, SQLAlchemyError):
            async with self._wiring.engine.connect() as connection:
                self._found = await health(connection, self._wiring.clock())

    def collect(self) -> Iterable[Metric]:
        """One gauge per measure, labelled by job."""
        given_up = GaugeMetricFamily("onhand_job_given_up", "Whether nobody tries any more until a person asks.", labels=["job"])
        late = GaugeMetricFamily("onhand_job_late", "Whether it is due and no runner came.", labels=["job"])
        failures = GaugeMetricFamily("onhand_job_failures", "Failures in a row.", labels=["job"])
        done = GaugeMetricFamily("onhand_job_last_done_timestamp_seconds", "When it was last done.", labels=["job"])
        for each in self._found:
            given_up.add_metric([each.job], each.state == "given_up")
            late.add_metric([each.job], each.state == "late")
            failures.add_metric([each.job], each.failures)
            if each.done_at is not None:
                done.add_metric([each.job], each.done_at.timestamp())
        return given_up, late, failures, done


def shards_of(wiring: Wiring) -> list[dict[str, Any] | None]:
    """What each shard counts, None for one that does not answer."""
    return wiring.gauges()


def install(app: Quart) -> None:
    """Count every request of the app."""
    app.extensions["onhand_metrics"] = Metrics(app.extensions["onhand"].wiring)
    app.after_request(_count)


async def _count(response: Response) -> Response:
    counted: Metrics = current_app.extensions["onhand_metrics"]
    route = str(request.url_rule) if request.url_rule else "none"
    counted.count(request.method, route, response.status_code, time.perf_counter() - g.get("began", time.perf_counter()))
    return response
