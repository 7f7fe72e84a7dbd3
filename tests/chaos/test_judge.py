"""A judge that cannot find a lost job is worth nothing: histories that are right, and each way to be wrong."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.histories import (
    BEGAN_MS,
    DUE_MS,
    JOB_ID,
    KILL,
    attempt,
    changed,
    failed,
    killed,
    moment,
    planned,
    request,
    run,
    shown,
    succeeded,
)
from tests.chaos.history import Change, History, JobHistory
from tests.chaos.judge import Duplicate, duplicates, faults_of
from tests.chaos.planned import Fault, Given, Kind

NOT_SENT = attempt(1, "retry", error="connect_failed", next_attempt_at=moment(DUE_MS + 1_000))
CANCELLED = Change(BEGAN_MS + 1_000, BEGAN_MS + 1_020, 200, None)
MOVED = Change(BEGAN_MS + 1_000, BEGAN_MS + 1_020, 200, DUE_MS + 30_000)


def retried(**fields: object) -> JobHistory:
    """A flaky target's job: one 503, then a success."""
    first = attempt(1, "retry", status_code=503, error="status_retryable", next_attempt_at=moment(DUE_MS + 2_000))
    job = succeeded(
        planned=planned(Kind.FLAKY, answers=(Given(503), Given())),
        requests=(request(1), request(2, DUE_MS + 2_000)),
        shown=shown("succeeded", first, attempt(2, "succeeded", status_code=200)),
    )
    return replace(job, **fields)  # type: ignore[arg-type]


def unreachable() -> JobHistory:
    """A dead target's job, out of attempts."""
    last = attempt(2, "failed", error="connect_failed")
    return failed(planned=planned(Kind.DEAD, max_attempts=2), requests=(), shown=shown("failed", NOT_SENT, last))


def poisonous() -> JobHistory:
    """A job that five workers in a row died of."""
    deaths = [attempt(number, "died", error="died") for number in range(1, 5)]
    return failed(
        planned=planned(Kind.POISON, answers=(Given(kill=Fault.KILL_DURING),)),
        requests=tuple(request(number, DUE_MS + 120_000 * (number - 1)) for number in range(1, 6)),
        shown=shown("failed", *deaths, attempt(5, "failed", error="died")),
    )


def moved() -> JobHistory:
    """A job that was moved half a minute on, and fired there."""
    return changed(
        MOVED,
        requests=(request(1, DUE_MS + 30_000),),
        shown=shown("succeeded", attempt(1, "succeeded", status_code=200), due_ms=DUE_MS + 30_000),
    )


KILLS = [replace(KILL, running=frozenset({(JOB_ID, number)})) for number in range(1, 6)]


@pytest.mark.parametrize(
    "right",
    [
        run(succeeded()),
        run(failed()),
        run(retried()),
        run(unreachable()),
        run(killed(), faults=[KILL]),
        run(poisonous(), faults=KILLS),
        run(moved()),
        run(changed(CANCELLED, requests=(), shown=shown("cancelled"))),
        run(changed(replace(CANCELLED, status=409))),
        run(changed(replace(MOVED, status=409))),
        run(failed(planned=planned(Kind.BROKEN, answers=(Given(404),), notify_on=())), alerts=[]),
    ],
)
def test_a_run_that_was_right_has_no_faults(right: History) -> None:
    """Retries, deaths with a cause, changes that came in time or too late: all of it is as it should be."""
    assert list(faults_of(right)) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (run(succeeded(job_id=None, refusal="503")), "was not accepted: 503"),
        (run(succeeded(shown=None)), "is lost: the API does not know it"),
        (run(succeeded(requests=(), shown=shown("scheduled"))), "is lost: it is still scheduled"),
        (run(succeeded(shown=shown("running"))), "is lost: it is still running"),
    ],
)
def test_a_lost_job_is_found(wrong: History, told: str) -> None:
    """Accepted and not ended, not known any more, or never accepted."""
    (fault,) = faults_of(wrong)
    assert told in fault


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            run(succeeded(requests=(request(1), request(1, DUE_MS + 5)))),
            ["attempt 1 was sent twice", "duplicate, and nothing explains"],
        ),
        (
            run(succeeded(requests=(request(1), request(2)))),
            ["came as attempt 2, and it counts 1", "the request of attempt 2 is a duplicate"],
        ),
        (run(killed()), ["attempt 1 died, and nobody killed it", "the request of attempt 2 is a duplicate"]),
        (
            run(killed(), faults=[replace(KILL, running=frozenset({("job_2", 1), (JOB_ID, 2)}))]),
            ["attempt 1 died, and nobody killed it", "the request of attempt 2 is a duplicate"],
        ),
    ],
)
def test_a_doubled_request_is_found_unless_a_death_explains_it(wrong: History, told: list[str]) -> None:
    """One attempt sends once; another one comes only when the target failed, or when a worker died that was killed."""
    faults = list(faults_of(wrong))
    assert len(faults) == len(told)
    assert all(expected in fault for expected, fault in zip(told, faults, strict=True)), faults


def test_a_history_can_be_looked_into() -> None:
    """As JSON: what came, what was asked, what died of what."""
    text = run(killed(), changed(MOVED), faults=[KILL], noticed=Counter(taken_over=2)).to_json()
    assert all(
        word in text for word in ("idempotency-key", "asked_ms", '"worker killed during its request"', "noticed")
    )
    assert json.loads(text)["faults"][0]["running"] == [[JOB_ID, 1]]
    assert json.loads(text)["noticed"] == {"taken_over": 2}


def test_duplicates_are_counted_with_what_explains_them() -> None:
    """A retry after an answer is none; a request after a death is one."""
    assert list(duplicates(retried(), [])) == []
    assert list(duplicates(killed(), [KILL])) == [Duplicate(JOB_ID, 2, Fault.KILL_DURING)]
    assert list(duplicates(killed(), [])) == [Duplicate(JOB_ID, 2, None)]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (run(succeeded(requests=(request(1, DUE_MS - 6),))), "came 6 ms before its due time"),
        (run(retried(requests=(request(1), request(2, DUE_MS + 1_900)))), "a retry came 100 ms before its time"),
        (run(replace(moved(), requests=(request(1, DUE_MS),))), "came 30000 ms before its due time"),
    ],
)
def test_an_early_request_is_found(wrong: History, told: str) -> None:
    """Before its due time, before a retry's time, before the time that it was moved to."""
    (fault,) = faults_of(wrong)
    assert told in fault


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (run(succeeded(shown=shown("failed", attempt(1, "failed", status_code=200)))), "not what its target makes"),
        (run(failed(shown=shown("succeeded", attempt(1, "succeeded", status_code=404)))), "not what its target makes"),
        (
            run(failed(shown=shown("failed", attempt(1, "failed", error="timeout")))),
            "failed with timeout, not with status_permanent",
        ),
        (
            run(replace(unreachable(), planned=planned(Kind.DEAD, max_attempts=3))),
            "given up after 2 of 3 attempts",
        ),
        (run(succeeded(shown=shown("cancelled"), requests=())), "it is cancelled, and was not cancelled"),
        (run(changed(CANCELLED)), "it is succeeded, and was cancelled"),
        (
            run(
                replace(
                    poisonous(), shown=shown("succeeded", *(attempt(n, "died", error="died") for n in range(1, 6)))
                ),
                faults=KILLS,
            ),
            "5 workers in a row died on it, and it is succeeded",
        ),
        (
            run(succeeded(shown=shown("succeeded", attempt(1, "succeeded", status_code=204)))),
            "noted with 204, and its target gave 200",
        ),
        (run(succeeded(requests=())), "had the answer 200, and no request came"),
        (
            run(succeeded(shown=shown("succeeded", attempt(2, "succeeded")))),
            "it counts 1 attempts and remembers [2]",
        ),
        (
            run(replace(moved(), shown=shown("succeeded", attempt(1, "succeeded", status_code=200)))),
            "is due at",
        ),
        (run(changed(replace(CANCELLED, status=500))), "a change was answered with 500"),
    ],
)
def test_a_wrong_end_is_found(wrong: History, told: str) -> None:
    """Every kind of target has its end, which its job's history must agree with."""
    faults = list(faults_of(wrong))
    assert any(told in fault for fault in faults), faults


def test_a_request_after_a_confirmed_cancellation_is_found() -> None:
    """Also when the job says that it is cancelled."""
    job = changed(CANCELLED, requests=(request(1),), shown=shown("cancelled"))
    assert any("1 requests came after it was cancelled" in fault for fault in faults_of(run(job)))


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"idempotency-key": "job_2"}, "had the Idempotency-Key job_2"),
        ({"idempotency-key": ""}, "had the Idempotency-Key "),
        ({"punctual-attempt": "first"}, "had the Punctual-Attempt first"),
    ],
)
def test_a_request_without_its_headers_is_found(headers: dict[str, str], told: str) -> None:
    """A receiver can only know a duplicate by them."""
    assert any(told in fault for fault in faults_of(run(succeeded(requests=(request(1, DUE_MS, **headers),)))))


def test_a_missing_alert_is_found() -> None:
    """An alert about another job is none about this one."""
    (fault,) = faults_of(run(failed(), alerts=["Punctual: job_2 failed"]))
    assert fault.startswith("1 ends are in no alert by name")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"strays": ["job_9"]}, "job_9 is in the table, and nobody has made it"),
        ({"broken_invariants": ["job_1 is running and not in its shard"]}, "job_1 is running and not in its shard"),
        ({"dead_letters": ["{}"]}, "a dead letter stays: {}"),
        ({"left_messages": 2}, "the jobs queue still holds 2 messages"),
    ],
)
def test_what_is_left_behind_is_found(fields: dict[str, object], told: str) -> None:
    """The whole run is judged too, not only its jobs."""
    assert list(faults_of(run(succeeded(), **fields))) == [told]


def test_a_fault_that_never_hit_anything_is_told() -> None:
    """Kills that found no worker prove nothing; a single one may miss."""
    job = killed(planned=planned(answers=(Given(kill=Fault.KILL_DURING),) * 3 + (Given(kill=Fault.KILL_AFTER),)))
    missed = replace(KILL, hit=False)
    (told,) = (fault for fault in faults_of(run(job, faults=[missed] * 3)) if "planned" in fault)
    assert told == "worker killed during its request: planned 3 times, and it never hit anything"
    assert not [fault for fault in faults_of(run(job, faults=[missed, KILL])) if "planned" in fault]
