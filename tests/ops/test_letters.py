"""Dead letters are shown with their jobs as they are now, and put back only when something can come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lambdas.adapters.messages import letter_body, message_body
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.ports import DeadLetter, Message
from ops import letters
from ops.place import Place
from tests.contracts.queue_places import receive_all
from tests.examples import a_job
from tests.fakes import NOW_MS
from tests.ops.conftest import Hands

Lines = Callable[[], list[str]]
FOREVER = Outcome(Verdict.PERMANENT, error_code="timeout", error_message="It took too long.")


def put(at: Place, body: str) -> None:
    at.sqs.send_message(QueueUrl=at.dead_letters_url, MessageBody=body)


def on(at: Place, url: str) -> list[str]:
    return [body for body, _ in receive_all(at.sqs, url)]


def test_looking_changes_nothing(at: Place, hands: Hands, printed: Lines) -> None:
    """Each letter with its job, and afterwards bury can have all of them."""
    failed, waiting = hands.failed(), at.store.add(a_job())
    bodies = [letter_body(DeadLetter(Message(failed.due, attempt=1), "timeout")), message_body(Message(waiting.due))]
    for body in bodies:
        put(at, body)
    letters.main([])
    about_failed, about_waiting = sorted(printed(), key=lambda line: waiting.id in line)
    assert failed.id in about_failed and "failed" in about_failed and "timeout" in about_failed
    assert about_failed.endswith("bury's")
    assert "scheduled" in about_waiting and about_waiting.endswith("would be put back")
    assert sorted(on(at, at.dead_letters_url)) == sorted(bodies)
    assert on(at, at.jobs_url) == []


def test_a_letter_of_a_job_that_is_still_to_be_fired_is_put_back(at: Place) -> None:
    """Scheduled at the letter's time, or its worker died; as the message that it was."""
    waiting = at.store.add(a_job(due_at_ms=NOW_MS - 86_400_000))
    orphan = at.store.add(a_job(due_at_ms=NOW_MS - 86_400_000))
    at.store.claim(orphan.id, fire_at_ms=orphan.fire_at_ms, claim_id="c", now_ms=NOW_MS - 86_400_000)
    bodies = {message_body(Message(job.due)) for job in (waiting, orphan)}
    for body in bodies:
        put(at, body)
    letters.main(["--send", "--rate", "1000"])
    assert set(on(at, at.jobs_url)) == bodies
    assert on(at, at.dead_letters_url) == []


def test_a_letter_that_bury_must_judge_stays(at: Place, hands: Hands) -> None:
    """Failed and perhaps not told of; moved on since; under a lease that holds; gone."""
    failed, moved, running = hands.failed(), at.store.add(a_job()), at.store.add(a_job(due_at_ms=4_000_000_000_000))
    at.store.claim(running.id, fire_at_ms=running.fire_at_ms, claim_id="c", now_ms=NOW_MS)
    bodies = [
        letter_body(DeadLetter(Message(failed.due, attempt=1), "timeout")),
        message_body(Message(replace(moved, fire_at_ms=moved.fire_at_ms - 1).due)),
        message_body(Message(running.due)),
        message_body(Message(a_job().due)),
    ]
    for body in bodies:
        put(at, body)
    letters.main(["--send"])
    assert sorted(on(at, at.dead_letters_url)) == sorted(bodies)
    assert on(at, at.jobs_url) == []


def test_an_outcome_that_was_never_written_is_put_back_while_its_attempt_runs(at: Place, hands: Hands) -> None:
    """The request was sent: what came of it must not be lost. Of a job that has ended it is old news."""
    running, failed = at.store.add(a_job()), hands.failed()
    at.store.claim(running.id, fire_at_ms=running.fire_at_ms, claim_id="c", now_ms=NOW_MS)
    fresh, stale = (message_body(Message(job.due, attempt=1, outcome=FOREVER)) for job in (running, failed))
    put(at, fresh)
    put(at, stale)
    letters.main(["--send"])
    assert on(at, at.jobs_url) == [fresh]
    assert on(at, at.dead_letters_url) == [stale]


def test_a_message_that_cannot_be_read_is_put_back_as_it_is(at: Place, printed: Lines) -> None:
    """For the newer version that wrote it; here its text is shown without what steers a terminal."""
    put(at, '{"ids": ["\u009b2J"]}\nnext')
    letters.main(["--send"])
    (line,) = printed()
    assert "unreadable letter" in line and line.isprintable()
    assert on(at, at.jobs_url) == ['{"ids": ["\u009b2J"]}\nnext']


def test_the_letter_goes_only_when_the_message_is_there(
    at: Place, monkeypatch: pytest.MonkeyPatch, hands: Hands
) -> None:
    """If the jobs queue refuses, the letter stays, and others can see it again at once."""
    waiting = at.store.add(a_job())
    put(at, message_body(Message(waiting.due)))
    letters.main(["--limit", "0"])
    broken = replace(at, jobs_url=at.jobs_url + "-gone")
    monkeypatch.setattr("ops.place.find", lambda given: broken)
    assert letters.main(["--send"]) == 1
    assert on(at, at.dead_letters_url) == [message_body(Message(waiting.due))]
