"""The Python client, through real HTTP, before the function api."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lambdas.jobs.counting import Standing
from lambdas.jobs.job import AttemptOutcome, Status
from lambdas.jobs.sending import Failure
from punctual import Client, Conflict, NotFound, PreconditionFailed, Refused
from tests.client.gateway import OWNER, Gateway
from tests.examples import RETENTION_MS, an_attempt
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service

URL = "https://hooks.example.com/run"
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)


def test_a_scheduled_job_comes_back_as_it_was_asked_for(client: Client) -> None:
    """Every field, in Python's own types; what is read later is the same job."""
    job = client.schedule(
        URL,
        method="PUT",
        headers={"X-Trace": "7", "Authorization": "Bearer s3cret"},
        body={"items": [1, 2]},
        at=datetime(2099, 1, 1, 9, tzinfo=ZoneInfo("Europe/Berlin")),
        timezone="Europe/Berlin",
        retry={"max_attempts": 3},
        timeout_seconds=2.5,
        expect={"status": [200, 404]},
        name="nightly",
    )

    assert job.due_at == datetime(2099, 1, 1, 8, tzinfo=UTC) and job.due_at_local is not None
    assert (job.request.method, job.request.url, job.request.body) == ("PUT", URL, {"items": [1, 2]})
    assert job.request.headers == {"X-Trace": "7", "Authorization": "[redacted]"}
    assert (job.retry.max_attempts, job.timeout_seconds, job.name) == (3, 2.5, "nightly")
    assert job.expect == {"status": [200, 404]} and job.status == "scheduled" and not job.finished
    assert client.job(job.id) == job


def test_bytes_are_sent_and_shown_as_bytes(client: Client) -> None:
    """A body that is no text travels as Base64, which nobody sees."""
    job = client.schedule(URL, body=b"\x00\xff", delay=timedelta(hours=1))

    assert client.job(job.id).request.body == b"\x00\xff"
    assert job.due_at == NOW + timedelta(hours=1)


def test_a_local_time_needs_its_zone_and_keeps_it(client: Client) -> None:
    """A datetime without a zone is what the clocks on the wall of `timezone` say."""
    on_the_wall = datetime(2099, 7, 1, 9)  # noqa: DTZ001
    job = client.schedule(URL, at=on_the_wall, timezone="America/New_York")

    assert job.due_at == datetime(2099, 7, 1, 13, tzinfo=UTC)
    with pytest.raises(Refused) as refused:
        client.schedule(URL, at=on_the_wall)
    assert refused.value.code == "at_offset_required"


def test_all_jobs_are_listed_over_as_many_pages_as_it_takes(client: Client) -> None:
    """The iterator asks for the next page only when it is needed."""
    made = [client.schedule(URL, delay=60 * minute).id for minute in range(1, 6)]

    assert [job.id for job in client.jobs(page_size=2)] == made
    assert [job.id for job in client.jobs(status=["scheduled"], order="desc", page_size=2)] == made[::-1]
    from_, to = NOW + timedelta(minutes=2), NOW + timedelta(minutes=4)
    assert [job.id for job in client.jobs(from_=from_, to=to)] == made[1:3]
    assert list(client.jobs(status="cancelled")) == []


def test_jobs_are_found_by_name_and_host(client: Client) -> None:
    """Both where both are given; how a name begins is enough."""
    purge = client.schedule(URL, delay=60, name="purge items").id
    client.schedule(URL, delay=60, name="greet")
    elsewhere = client.schedule("https://elsewhere.example.com/", delay=60, name="purge more").id
    assert {job.id for job in client.jobs(name="purge", page_size=1)} == {purge, elsewhere}
    assert [job.id for job in client.jobs(host="elsewhere.example.com")] == [elsewhere]
    assert list(client.jobs(name="greet", host="elsewhere.example.com")) == []


def test_a_change_meets_the_version_that_was_read_or_nothing(client: Client) -> None:
    """`if_version` keeps two people from overwriting each other; None takes a field back."""
    job = client.schedule(URL, delay=3600, name="first")

    changed = client.update(job.id, if_version=job.version, name="second", delay=7200)

    assert changed.name == "second" and changed.due_at == NOW + timedelta(hours=2)
    with pytest.raises(PreconditionFailed):
        client.update(job.id, if_version=job.version, name="third")
    with pytest.raises(PreconditionFailed):
        client.run(job.id, if_version=job.version)
    assert client.update(job.id, name=None, url=URL + "/2").name is None
    assert client.job(job.id).request.url == URL + "/2"


def test_cancelling_twice_is_fine_and_a_finished_job_is_a_conflict(client: Client, service: Service) -> None:
    """What has happened cannot be called off."""
    job = client.schedule(URL, delay=3600)
    assert client.cancel(job.id).status == "cancelled" == client.cancel(job.id).status

    done = client.schedule(URL, delay=3600)
    service.store.put(
        replace(service.store[done.id], status=Status.RUNNING, attempt_count=1).succeeded(
            an_attempt(1, AttemptOutcome.SUCCEEDED), now_ms=NOW_MS, retention_ms=RETENTION_MS
        )
    )
    with pytest.raises(Conflict) as conflict:
        client.cancel(done.id)
    assert conflict.value.code == "job_finished"


def test_a_refusal_tells_every_fault_and_what_would_be_right(client: Client) -> None:
    """One exception, all that is wrong."""
    with pytest.raises(Refused) as refused:
        client.schedule("ftp://hooks.example.com", method="FETCH", delay=-1)

    faults = {(fault.field, fault.code) for fault in refused.value.faults}
    assert faults == {("url", "url_scheme"), ("method", "method"), ("delay_seconds", "range")}
    assert all(fault.message for fault in refused.value.faults)
    assert refused.value.status == 422 and refused.value.request_id


def test_what_is_not_there_is_not_found_whatever_the_id_looks_like(client: Client, gateway: Gateway) -> None:
    """An id is one part of a path, never more."""
    for job_id in ("job_" + "0" * 32, "../../health", "a b?c#d"):
        with pytest.raises(NotFound):
            client.job(job_id)
    assert all(path.startswith("/v1/jobs/") for _, path, _ in gateway.seen)


def test_health_needs_no_token(gateway: Gateway) -> None:
    """The one thing that anybody may ask."""
    with Client(gateway.url, None) as nobody:
        assert nobody.health()["status"] == "ok"
    assert "authorization" not in gateway.seen[-1][2]


def test_every_request_carries_the_token_and_says_who_asks(client: Client, service: Service, gateway: Gateway) -> None:
    """The job belongs to the token's subject."""
    job = client.schedule(URL, delay=60)

    assert service.store[job.id].owner == OWNER
    assert gateway.seen[-1][2]["user-agent"].startswith("punctual-python/")


def test_who_is_told_is_set_for_all_jobs(client: Client, service: Service) -> None:
    """What is not named stays."""
    assert client.me().notify == {"on": ["failed"], "email": None, "addresses": {}}
    client.set_notify({"email": "ada@example.com"})
    service.addresses.confirm(OWNER, "ada@example.com")
    me = client.set_notify({"on": ["failed", "succeeded"]})

    assert me.owner == OWNER
    assert me.notify["on"] == ["failed", "succeeded"] and me.notify["email"] == "ada@example.com"
    assert client.me().notify["addresses"] == {"ada@example.com": "confirmed"}
    gone = client.set_notify({"on": None, "addresses": {"ada@example.com": None}})
    assert gone.notify == {"on": ["failed"], "email": None, "addresses": {}}


def test_a_job_can_be_validated_before_there_is_one(client: Client, service: Service) -> None:
    """Every criterion with its verdict, and the job as it would be read back."""
    sound = client.validate(URL, delay=60)
    wrong = client.validate("http://127.0.0.1/", method="BREW", delay=60)

    assert sound.valid and not sound.failed and sound.job is not None and sound.job["request"]["url"] == URL
    assert not wrong.valid and wrong.job is None
    assert {"url.public_address", "method.known"} <= {criterion.name for criterion in wrong.failed}
    assert [criterion.name for criterion in client.criteria()] == [criterion.name for criterion in sound.criteria]
    assert len(service.store) == 0


def test_a_request_can_be_tried_out(client: Client, service: Service) -> None:
    """Each check with what was expected and found; without an answer, why there is none."""
    service.sender.answers[URL] = [
        service.sender.answering(200, body=b'{"state": "done"}'),
        Failure("timeout", "It took too long.", 1.0, 3),
    ]
    answered = client.test(URL, body={"a": 1}, expect={"status": 201, "json": {"state": "done"}})
    silent = client.test(URL, timeout_seconds=2)

    assert not answered.passed and answered.error is None and answered.answer is not None
    assert [(check.name, check.actual, check.passed) for check in answered.checks] == [
        ("status", 200, False),
        ("json", {"state": "done"}, True),
    ]
    assert not silent.passed and silent.answer is None
    assert silent.error is not None and silent.error.code == "timeout"


def test_jobs_are_counted_by_status_and_day(client: Client, service: Service) -> None:
    """In all, and by the days of a zone; as the service tells it."""
    service.counters.preset(Standing(OWNER, NOW_MS, Status.SCHEDULED), Standing(OWNER, NOW_MS, Status.FAILED))
    day = timedelta(days=1)
    stats = client.stats(from_=NOW - day, to=NOW + day, interval="hour", timezone="Asia/Kathmandu")

    assert stats.totals == {"scheduled": 1, "running": 0, "succeeded": 0, "failed": 1, "cancelled": 0}
    assert len(stats.series) == 49 and stats.raw["timezone"] == "Asia/Kathmandu"
    assert sum(part["failed"] for part in stats.series) == 1
