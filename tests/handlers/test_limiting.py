"""Limits as callers meet them (T9, T10): 429, when to try again, and headers that tell before it comes to that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas import wiring
from lambdas.handlers import api
from lambdas.jobs.limits import PRESETS, OwnerLimits
from tests.examples import a_job
from tests.handlers.recorded import Service, http_event

SOON = {"url": "https://example.com/", "delay_seconds": 60}
STARTER = PRESETS["starter"]
Serve = Callable[[OwnerLimits], Service]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """A service with these limits."""

    def serve(limits: OwnerLimits) -> Service:
        service = Service(limits=limits)
        monkeypatch.setattr(wiring, "api_parts", lambda: (service.desk(), service.journal))
        return service

    return serve


def call(method: str, path: str, document: Any = None, *, owner: str | None = "ada", **headers: str) -> dict[str, Any]:
    content = "" if document is None else json.dumps(document)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = api.handler(http_event(method, path, content, owner=owner, headers=sent), None)
    return {**answer, "body": json.loads(answer["body"]) if answer["body"] else None}


def told(answer: dict[str, Any]) -> tuple[str | None, str | None]:
    return answer["headers"].get("ratelimit-policy"), answer["headers"].get("ratelimit")


def left(answer: dict[str, Any]) -> int:
    return int(answer["headers"]["ratelimit"].removeprefix('"requests";r=').partition(";")[0])


def test_ten_requests_a_minute_and_the_eleventh_waits(serve: Serve) -> None:
    """The starter's limit. NOW_MS is 20 s into its minute; nothing comes of the eleventh."""
    service = serve(STARTER)
    answers = [call("POST", "/v1/jobs", SOON) for _ in range(11)]
    assert [answer["statusCode"] for answer in answers] == [201] * 10 + [429]
    assert told(answers[0]) == ('"requests";q=10;w=60', '"requests";r=9;t=40')
    refused = answers[-1]
    assert refused["body"]["code"] == "rate_limited" and "10 requests a minute" in refused["body"]["detail"]
    assert told(refused) == ('"requests";q=10;w=60', '"requests";r=0;t=40')
    assert refused["headers"]["retry-after"] == "40"
    assert refused["headers"]["content-type"] == "application/problem+json"
    assert len(service.store) == 10
    service.clock.advance(seconds=40)
    assert call("POST", "/v1/jobs", SOON)["statusCode"] == 201


def test_whatever_makes_or_moves_a_job_counts_and_tells(serve: Serve) -> None:
    """Whether it is done or refused; reading and cancelling do not, and say nothing of it."""
    service = serve(STARTER)
    job = service.store.add(a_job(due_in_ms=10**9))
    path = f"/v1/jobs/{job.id}"
    counted = [
        call("POST", "/v1/jobs", SOON),
        call("POST", "/v1/jobs", {"url": "nonsense"}),
        call("POST", "/v1/jobs", "no object"),
        call("PATCH", path, {"name": "new"}),
        call("POST", f"{path}/rerun"),
        call("POST", f"{path}/run"),
        call("POST", "/v1/jobs/batch", {"jobs": [SOON, SOON]}),
    ]
    assert [answer["statusCode"] for answer in counted] == [201, 422, 422, 200, 409, 202, 207]
    assert [left(answer) for answer in counted] == [9, 8, 7, 6, 5, 4, 2]
    others = [call("GET", "/v1/jobs"), call("GET", path), call("GET", "/v1/me"), call("DELETE", path)]
    assert [answer["statusCode"] for answer in others] == [200] * 4
    assert [told(answer) for answer in others] == [(None, None)] * 4
    assert left(call("POST", "/v1/jobs", SOON)) == 1


def test_a_batch_counts_with_each_of_its_jobs(serve: Serve) -> None:
    """If not all of them fit into the minute it is refused whole, and smaller ones may still come."""
    service = serve(STARTER)
    assert call("POST", "/v1/jobs/batch", {"jobs": [SOON] * 7})["statusCode"] == 207
    refused = call("POST", "/v1/jobs/batch", {"jobs": [SOON] * 4})
    assert (refused["statusCode"], refused["body"]["code"], left(refused)) == (429, "rate_limited", 2)
    assert len(service.store) == 7
    assert call("POST", "/v1/jobs/batch", {"jobs": [SOON] * 2})["statusCode"] == 207


def test_a_batch_that_would_never_fit_is_refused_as_too_long(serve: Serve) -> None:
    """Waiting would not help it."""
    serve(STARTER)
    answer = call("POST", "/v1/jobs/batch", {"jobs": [SOON] * 11})
    assert (answer["statusCode"], answer["body"]["code"]) == (422, "range")
    assert "1 to 10 jobs" in answer["body"]["detail"]


def test_a_repeated_request_counts_and_one_that_was_refused_used_up_no_key(serve: Serve) -> None:
    """Requests are counted before they are understood."""
    service = serve(STARTER.changed({"requests_per_minute": 2}))
    first, again, refused = (call("POST", "/v1/jobs", SOON, idempotency_key="k") for _ in range(3))
    assert [answer["statusCode"] for answer in (first, again, refused)] == [201, 200, 429]
    other = call("POST", "/v1/jobs", SOON, idempotency_key="other")
    assert other["statusCode"] == 429
    service.clock.advance(seconds=40)
    assert call("POST", "/v1/jobs", SOON, idempotency_key="other")["statusCode"] == 201
    assert call("POST", "/v1/jobs", SOON, idempotency_key="k")["body"]["id"] == first["body"]["id"]


def test_too_many_jobs_are_told_with_the_limit_that_they_reach(serve: Serve) -> None:
    """`quota_exceeded`, after which waiting may help or not."""
    serve(STARTER.changed({"due_per_host_minute": 1}))
    assert call("POST", "/v1/jobs", SOON)["statusCode"] == 201
    refused = call("POST", "/v1/jobs", SOON)
    assert (refused["statusCode"], refused["body"]["code"]) == (429, "quota_exceeded")
    assert refused["headers"]["retry-after"] == "60"
    assert told(refused) == (
        '"requests";q=10;w=60, "due-per-host-minute";q=1',
        '"requests";r=8;t=40, "due-per-host-minute";r=0',
    )


def test_in_a_batch_each_job_has_its_own_verdict(serve: Serve) -> None:
    """Those for which there is room are made."""
    service = serve(STARTER.changed({"upcoming_jobs": 2}))
    results = call("POST", "/v1/jobs/batch", {"jobs": [SOON] * 3})["body"]["results"]
    assert [result["status"] for result in results] == [201, 201, 429]
    assert results[2]["problem"]["code"] == "quota_exceeded" and len(service.store) == 2


def test_a_job_is_moved_only_where_there_is_room(serve: Serve) -> None:
    """By a change and by running it now; what makes no move may be changed."""
    service = serve(STARTER.changed({"due_per_host_minute": 1}))
    jobs = [service.store.add(a_job(due_in_ms=hours * 3_600_000)) for hours in (1, 2)]
    at = "2026-09-21T20:00:30Z"
    answers = [call("PATCH", f"/v1/jobs/{job.id}", {"at": at}) for job in jobs]
    assert [answer["statusCode"] for answer in answers] == [200, 429]
    assert call("PATCH", f"/v1/jobs/{jobs[0].id}", {"at": "2026-09-21T20:00:31Z"})["statusCode"] == 200
    assert call("PATCH", f"/v1/jobs/{jobs[1].id}", {"name": "new"})["statusCode"] == 200
    assert [call("POST", f"/v1/jobs/{job.id}/run")["statusCode"] for job in jobs] == [202, 429]


def test_reads_have_a_limit_of_their_own(serve: Serve) -> None:
    """High, and no write is made for it."""
    service = serve(STARTER.changed({"reads_per_minute": 2}))
    answers = [call("GET", "/v1/jobs") for _ in range(3)]
    assert [answer["statusCode"] for answer in answers] == [200, 200, 429]
    assert told(answers[2]) == ('"reads";q=2;w=60', '"reads";r=0;t=40')
    assert answers[2]["headers"]["retry-after"] == "40"
    assert call("POST", "/v1/jobs", SOON)["statusCode"] == 201
    assert service.usage.writes == 2  # one for the request, one for the job's host


def test_whoever_asks_is_told_their_limits_and_what_they_use(serve: Serve) -> None:
    """Their own limits; other owners' are nobody else's."""
    service = serve(STARTER)
    service.usage.set_limits("ada", {"upcoming_jobs": 50})
    for _ in range(3):
        call("POST", "/v1/jobs", SOON)
    me = call("GET", "/v1/me")["body"]
    assert me["limits"] == {**STARTER._asdict(), "upcoming_jobs": 50}
    assert me["usage"] == {"requests_this_minute": 3, "upcoming_jobs": 3}
    assert call("PATCH", "/v1/me", {})["body"]["usage"] == me["usage"]
    other = call("GET", "/v1/me", owner="eve")["body"]
    assert (other["limits"], other["usage"]["upcoming_jobs"]) == (STARTER._asdict(), 0)


def test_what_is_counted_without_a_write_is_told_too(serve: Serve) -> None:
    """Of high limits the first hundredth, and what is taken and not used is not said to be used."""
    service = serve(OwnerLimits(requests_per_minute=1_000))
    used = []
    for _ in range(12):
        call("POST", "/v1/jobs", SOON)
        used.append(call("GET", "/v1/me")["body"]["usage"]["requests_this_minute"])
    assert used == list(range(1, 13)) and service.usage.writes == 1


def test_what_cannot_be_known_is_not_made_up(serve: Serve) -> None:
    """F20."""
    serve(STARTER).usage.down = True
    assert call("GET", "/v1/me")["body"]["usage"] == {"requests_this_minute": 0, "upcoming_jobs": None}


def test_owners_do_not_feel_each_other(serve: Serve) -> None:
    serve(STARTER.changed({"requests_per_minute": 1}))
    answers = [call("POST", "/v1/jobs", SOON, owner=owner) for owner in ("ada", "ada", "eve")]
    assert [answer["statusCode"] for answer in answers] == [201, 429, 201]


def test_who_has_no_token_is_not_counted(serve: Serve) -> None:
    """The gateway's throttle is theirs."""
    service = serve(STARTER)
    assert call("GET", "/health", owner=None)["statusCode"] == 200
    assert call("POST", "/v1/jobs", SOON, owner=None)["statusCode"] == 401
    assert not service.usage.asked


def test_a_table_that_is_away_is_503_as_ever(serve: Serve) -> None:
    """F20: limits refuse nothing then, and say what they know."""
    service = serve(STARTER)
    service.store.down = service.usage.down = True
    answer = call("POST", "/v1/jobs", SOON)
    assert (answer["statusCode"], answer["body"]["code"]) == (503, "unavailable")
    service.store.down = False
    assert [call("POST", "/v1/jobs", SOON)["statusCode"] for _ in range(12)] == [201] * 12
