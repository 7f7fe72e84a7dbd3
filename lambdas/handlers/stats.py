"""The route of counts: how many of the owner's jobs are due when, by status."""

from __future__ import annotations

from lambdas.handlers.desk import Desk, owner_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.jobs.stats import shown_stats, stats, stats_query


def read_stats(request: HttpRequest, desk: Desk) -> HttpAnswer:
    query = stats_query(request.query, owner=owner_of(request), now_ms=desk.clock.now_ms())
    found = stats(query, counters=desk.counters(), store=desk.store)
    return HttpAnswer(200, shown_stats(query, found))
