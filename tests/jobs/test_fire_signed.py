"""Fire signs what it sends once the owner has a secret, and sends nothing unsigned that is to be signed (T15)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from standardwebhooks.webhooks import Webhook

from lambdas.jobs.fire import UNSIGNED_DELAY_MS
from lambdas.jobs.job import Body, Job, Request, RetryPolicy, Status
from lambdas.jobs.signing import KEY_BYTES, REMEMBERED_MS, SigningSecret
from tests.jobs.firing import DUE_MS, MINUTE_MS, accepted, fired
from tests.world import World

SECRET = SigningSecret.of_key(b"1" * KEY_BYTES, now_ms=DUE_MS - MINUTE_MS)


@pytest.fixture
def world() -> World:
    return World()


def headers_of(world: World, job: Job) -> dict[str, str]:
    """Of the job's last request."""
    requests = [sent.request for sent in world.sender.sent if ("Punctual-Job-Id", job.id) in sent.request.headers]
    return dict(requests[-1].headers)


def test_a_request_is_signed_for_its_planned_instant(world: World) -> None:
    """Although it is made ready seconds before; a receiver with the secret takes it."""
    world.secrets.write("ada", SECRET)
    job = accepted(world, request=Request("POST", "https://example.com/", body=Body(b'{"a":1}', "json")))
    fired(world, job)
    headers = headers_of(world, job)
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (job.id, str(DUE_MS // 1000))
    with time_machine.travel(datetime.fromtimestamp(DUE_MS / 1000, UTC), tick=False):
        assert Webhook(SECRET.current).verify(b'{"a":1}', headers) == {"a": 1}


def test_a_late_request_is_signed_for_the_time_when_it_leaves(world: World) -> None:
    """F6: else receivers would take it for one that is played back."""
    world.secrets.write("ada", SECRET)
    job = accepted(world)
    world.clock.ms = DUE_MS + 60 * MINUTE_MS
    fired(world, job)
    assert headers_of(world, job)["webhook-timestamp"] == str(DUE_MS // 1000 + 3_600)


def test_every_attempt_has_the_same_id_and_a_signature_of_its_own(world: World) -> None:
    """A receiver that keeps the ids it has seen does the work once."""
    world.secrets.write("ada", SECRET)
    job = accepted(world, world.sender.answering(503), world.sender.answering(200))
    fired(world, job)
    first = headers_of(world, job)
    world.clock.ms = world.store[job.id].fire_at_ms
    fired(world, world.store[job.id])
    second = headers_of(world, job)
    assert first["webhook-id"] == second["webhook-id"] == job.id
    assert first["webhook-signature"] != second["webhook-signature"]


def test_without_a_secret_nothing_is_signed(world: World) -> None:
    """And another owner's secret changes nothing."""
    world.secrets.write("eve", SECRET)
    job = accepted(world)
    fired(world, job)
    assert not [name for name in headers_of(world, job) if name.startswith("webhook-")]


def test_a_worker_asks_for_a_secret_once_a_minute(world: World) -> None:
    """Ten jobs at once too; that there is none is remembered as well."""
    jobs = [accepted(world, path=str(number)) for number in range(10)]
    fired(world, *jobs)
    assert world.secrets.reads == 1
    world.secrets.write("ada", SECRET)
    soon = accepted(world, due_in_ms=MINUTE_MS + REMEMBERED_MS - 1)
    fired(world, soon)
    assert "webhook-signature" not in headers_of(world, soon)
    late = accepted(world, due_in_ms=MINUTE_MS + REMEMBERED_MS)
    fired(world, late)
    assert world.secrets.reads == 2
    assert "webhook-signature" in headers_of(world, late)


def test_nothing_is_sent_while_it_is_not_known_whether_to_sign(world: World) -> None:
    """F20: the job is put off and keeps its attempt; what is sent later is signed."""
    world.secrets.write("ada", SECRET)
    job = accepted(world)
    world.secrets.down = True
    assert fired(world, job) == []
    assert (world.sender.sent, world.sender.open_connections) == ([], 0)
    after = world.store[job.id]
    assert (after.status, after.attempt_count, after.deaths) == (Status.SCHEDULED, 0, 0)
    assert after.fire_at_ms == DUE_MS + UNSIGNED_DELAY_MS and after.waiting_since_ms is None
    assert world.store.in_due_index(job.id)
    assert len(world.journal.of("secret_unavailable")) == 1
    world.secrets.down = False
    world.clock.ms = after.fire_at_ms - 2_000
    assert fired(world, after) == []
    assert world.store[job.id].status is Status.SUCCEEDED
    assert "webhook-signature" in headers_of(world, job)


def test_an_outage_of_twelve_minutes_fails_no_job(world: World) -> None:
    """F20: of the table's secrets or of KMS; nor does it spend the only attempt that a job has."""
    world.secrets.write("ada", SECRET)
    job = accepted(world, retry=RetryPolicy(max_attempts=1))
    world.secrets.down = True
    world.run(seconds=720)
    assert world.store[job.id].status is Status.SCHEDULED
    world.secrets.down = False
    world.run(seconds=120)
    after = world.store[job.id]
    assert (after.status, after.attempt_count, after.deaths) == (Status.SUCCEEDED, 1, 0)
    assert len(world.sent(job)) == 1
    assert "webhook-signature" in headers_of(world, job)


def test_a_secret_that_cannot_be_read_does_not_disturb_others(world: World) -> None:
    """F28: of a batch only its owner's jobs are kept."""
    world.secrets.damaged = {"eve"}
    hers, his = accepted(world, owner="eve", path="hers"), accepted(world, path="his")
    assert [message.due for message in fired(world, hers, his)] == [hers.due]
    assert (world.sent(hers), len(world.sent(his))) == ([], 1)
