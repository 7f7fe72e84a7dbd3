"""Fire signs what it sends once the owner has a secret, and sends nothing unsigned that is to be signed (T15)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from standardwebhooks.webhooks import Webhook

from lambdas.jobs.fire import UNSIGNED_DELAY_MS
from lambdas.jobs.job import Body, Job, Request, RetryPolicy, Status
from lambdas.jobs.ports import Alert
from lambdas.jobs.rotate import rotate
from lambdas.jobs.signing import KEY_BYTES, REMEMBERED_MS, SigningSecret
from tests.jobs.firing import DUE_MS, MINUTE_MS, accepted, fired
from tests.world import WorkerDied, World, dies

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
    """F6, T15: else receivers would take it for one that is played back."""
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


def operators_heard(world: World) -> list[Alert]:
    """What went to them alone."""
    return [alert for alert in world.alerts.sent if alert.owner is None]


class TestADamagedSecret:
    """F28: its owner's jobs end for an honest reason, the operators hear of it, and nobody else notices."""

    @pytest.fixture(autouse=True)
    def _(self, world: World) -> None:
        world.secrets.write("eve", SECRET)
        world.secrets.damaged = {"eve"}

    def test_its_owners_jobs_are_tried_again_and_then_fail_with_it_as_the_reason(self, world: World) -> None:
        """No worker is said to have died, no target to be down, and nothing is sent."""
        job = accepted(world, owner="eve", retry=RetryPolicy(max_attempts=2))
        assert fired(world, job) == []
        again = world.store[job.id]
        assert (again.status, again.deaths, again.waiting_since_ms) == (Status.SCHEDULED, 0, None)
        world.run(seconds=3_600)
        ended = world.store[job.id]
        assert [attempt.error.code for attempt in ended.attempts if attempt.error] == ["secret_damaged"] * 2
        assert (ended.status, ended.owes_notice, world.sent(job)) == (Status.FAILED, False, [])
        assert world.targets.writes == 0

    def test_other_owners_do_not_notice(self, world: World) -> None:
        """Also in the same batch."""
        hers, his = accepted(world, owner="eve", path="hers"), accepted(world, path="his")
        assert fired(world, hers, his) == []
        assert (world.sent(hers), len(world.sent(his))) == ([], 1)

    def test_the_operators_are_told_once(self, world: World) -> None:
        """By whichever worker finds it; however many jobs there are, and when their workers have forgotten."""
        fired(world, *(accepted(world, owner="eve", path=str(number)) for number in range(10)))
        fired(world, accepted(world, owner="eve", due_in_ms=11 * MINUTE_MS))
        (alert,) = operators_heard(world)
        assert "eve" in alert.subject
        assert "OWNER#eve/SIGNING" in alert.text and "/v1/signing-secret/rotate" in alert.text
        assert [facts["owner"] for facts in world.journal.of("secret_damaged")] == ["eve"] * 2, "it was looked up again"

    def test_nobody_is_held_up_when_the_operators_cannot_be_told(self, world: World) -> None:
        """They are told by the first worker that asks when it can be."""
        world.alerts.down = True
        job = accepted(world, owner="eve")
        assert fired(world, job) == []
        assert world.store[job.id].attempts[-1].error is not None
        assert len(world.journal.of("secret_untold")) == 1
        world.alerts.down = False
        world.run(seconds=300)
        assert len(operators_heard(world)) == 1

    def test_a_worker_that_died_before_it_noted_the_telling_tells_again(self, world: World) -> None:
        """F22: twice rather than never."""
        world.secrets.before["note_told"] = dies
        with pytest.raises(WorkerDied):
            fired(world, accepted(world, owner="eve"))
        world.run(seconds=600)
        assert len(operators_heard(world)) == 2

    def test_jobs_go_out_again_signed_when_the_owner_has_made_a_new_one(self, world: World) -> None:
        """Within a minute; what was waiting for its next attempt too."""
        job = accepted(world, owner="eve", retry=RetryPolicy(max_attempts=3, min_backoff_seconds=120))
        fired(world, job)
        new = rotate("eve", secrets=world.secrets, new_key=lambda: b"2" * KEY_BYTES, now_ms=world.clock.ms)
        world.run(seconds=600)
        assert world.store[job.id].status is Status.SUCCEEDED
        headers = headers_of(world, job)
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        with time_machine.travel(at, tick=False):
            Webhook(new.current).verify(b"", headers, json_parse=False)
