"""What the code writes into the table and onto the queues, for jobs, targets and receipts that are always the same.

A sample is what the code of some day wrote (`python -m tests.samples NAME`), kept as a file: items and messages outlive
deployments, so today's code must understand what yesterday's wrote, and the other way round while a deploy rolls out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lambdas.adapters.messages import letter_body, letter_from_body, message_body, message_from_body
from lambdas.jobs.due_job import DUE_SHARDS, DueJob
from lambdas.jobs.grouping import Group, GroupKey, Named
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import (
    Attempt,
    AttemptError,
    AttemptOutcome,
    Body,
    Expectation,
    Job,
    Note,
    Notify,
    Request,
    RetryPolicy,
)
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.ports import DeadLetter, JobStore, Message
from lambdas.jobs.receipt import Receipt, RequestKey
from lambdas.jobs.target import Limits, Sign
from tests.contracts.conftest import Table

HERE = Path(__file__).resolve().parent

NOW_MS = 1_790_000_000_000
SOON_MS = NOW_MS + 60_000
LONG_AFTER_MS = NOW_MS + 3_600_000
WINDOW_MS = NOW_MS + 300_000
RETENTION_MS = 30 * 86_400_000
HORIZON = Horizon()
OWNER, HOST = "ada", "down.example.com"

ANSWERED = Attempt(1, AttemptOutcome.SUCCEEDED, SOON_MS, 0, 20, 200)
REFUSED = Attempt(
    number=1,
    outcome=AttemptOutcome.RETRY,
    started_at_ms=SOON_MS + 1,
    lateness_ms=1,
    duration_ms=130,
    status_code=503,
    error=AttemptError("status_retryable", "The target answered 503, and it was sorry."),
    response_excerpt="sorry",
)
FAILED = replace(REFUSED, outcome=AttemptOutcome.FAILED)
KEY = RequestKey.of("a key", owner=OWNER, route="POST /v1/jobs", document={"a": 1})
RECEIPT = Receipt(KEY, (f"job_{1:032x}",), NOW_MS)
GROUP = GroupKey(owner=OWNER, host=HOST, code="status_permanent", status_code=404, email=None)
DUE = DueJob(SOON_MS, f"job_{1:032x}")
OUTCOME = Outcome(Verdict.RETRYABLE, SOON_MS + 1, 1, 130, 503, "status_retryable", "The target answered 503.")

MESSAGES = {
    "a job": message_body(Message(DUE)),
    "an outcome": message_body(Message(DUE, attempt=1, outcome=OUTCOME)),
}
LETTERS = {"a job that failed": letter_body(DeadLetter(Message(DUE, attempt=1), reason="status_permanent"))}


def a_plain_job(number: int, **changes: Any) -> Job:
    """Due in a minute, with nothing that a user need not say."""
    values: dict[str, Any] = {"request": Request("POST", f"https://{HOST}/{number}"), "due_at_ms": SOON_MS, **changes}
    job = Job(
        id=f"job_{number:032x}",
        owner=OWNER,
        fire_at_ms=values["due_at_ms"],
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS,
        **values,
    )
    return job.planned(now_ms=NOW_MS, horizon=HORIZON)


def a_full_job(number: int) -> Job:
    """Due in a day, with all that a user can say."""
    return a_plain_job(
        number,
        due_at_ms=NOW_MS + 86_400_000,
        request=Request(
            "PUT",
            "https://xn--bcher-kva.example/a?b=c",
            headers=(("X-Trace", "é"), ("authorization", "Bearer s3cret"), ("x-empty", "")),
            body=Body(b'{"a":[1,null]}', "json"),
            secret_headers=("X-Trace",),
        ),
        name="purge – items",
        timezone="America/New_York",
        retry=RetryPolicy(max_attempts=3, min_backoff_seconds=1, max_backoff_seconds=60),
        timeout_ms=1_500,
        expect=Expectation(statuses=("2xx", 404, "201"), body_contains="ok", json_subset='{"a":1.5}'),
        notify=Notify(on=("succeeded", "failed")),
        notes=(Note("at_ambiguous", "That time exists twice.", other_ms=NOW_MS + 7), Note("other", "No instant.")),
        rerun_of=f"job_{99:032x}",
    )


def write_jobs(store: JobStore) -> None:
    """A job in every state, by the writes that lead there."""
    store.add(a_plain_job(1))
    store.add(a_full_job(2))
    store.add(a_plain_job(3, request=Request("POST", f"https://{HOST}/3", body=Body(b"x" * 3_000, "text"))))
    claimed(store, a_plain_job(4))
    store.take_over(claimed(store, a_plain_job(5)), claim_id="claim-2", now_ms=LONG_AFTER_MS)
    job = claimed(store, a_plain_job(6))
    settle(store, job.retried(REFUSED, fire_at_ms=LONG_AFTER_MS, now_ms=SOON_MS, horizon=HORIZON))
    settle(store, claimed(store, a_plain_job(7)).succeeded(ANSWERED, now_ms=SOON_MS, retention_ms=RETENTION_MS))
    for number in (8, 9):
        failed = claimed(store, a_plain_job(number)).failed(FAILED, now_ms=SOON_MS, retention_ms=RETENTION_MS)
        settle(store, failed)
    store.mark_alerted(failed, now_ms=SOON_MS + 1)
    store.replace(store.add(a_plain_job(10)).cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
    store.advance_mark(3, swept_until_ms=SOON_MS)


def write_what_targets_need(store: JobStore, table: Table) -> None:
    """A job that waits for its target, and what is known of that; an owner's key; failures that are told together."""
    job = claimed(store, a_plain_job(11))
    put_off = job.put_off(fire_at_ms=LONG_AFTER_MS, now_ms=SOON_MS, horizon=HORIZON)
    store.put_off(put_off, claim_id=job.claim_id or "")
    target = table.targets().count(OWNER, HOST, sign=Sign.FAILURE, now_ms=NOW_MS)
    opened = target.opened("connect_failed", asked_ms=0, now_ms=NOW_MS, limits=Limits())
    table.targets().replace(opened, read_version=target.version, now_ms=NOW_MS)
    table.targets().count(OWNER, "refuses.example.com", sign=Sign.REFUSAL, now_ms=NOW_MS)
    groups = table.alert_groups()
    groups.write(GROUP, Group(WINDOW_MS, (DUE.job_id,), crowded=True, version=1), now_ms=NOW_MS)
    groups.wait(GROUP, Named(f"job_{8:032x}", "a name", SOON_MS, SOON_MS + 1), window_ms=WINDOW_MS, now_ms=NOW_MS)


def everything(table: Table) -> dict[str, Any]:
    """What today's code writes into an empty table and onto the queues, and what it reads there."""
    store = table.store()
    write_jobs(store)
    store.keep(RECEIPT)
    write_what_targets_need(store, table)
    return recorded(table)


def recorded(table: Table) -> dict[str, Any]:
    """The table's items as DynamoDB has them and the messages, with what the code reads of them."""
    items = table.client.scan(TableName=table.name)["Items"]
    return {
        "items": sorted((plain(item) for item in items), key=lambda item: (item["pk"]["S"], item["sk"]["S"])),
        "messages": MESSAGES,
        "letters": LETTERS,
        "read": read(table, MESSAGES, LETTERS),
    }


def read(table: Table, messages: Mapping[str, str], letters: Mapping[str, str]) -> dict[str, Any]:
    """What today's code makes of a table's items and of messages, in plain values."""
    store, targets, groups = table.store(), table.targets(), table.alert_groups()
    items = table.client.scan(TableName=table.name)["Items"]
    ids = sorted(item["pk"]["S"].removeprefix("JOB#") for item in items if item["sk"]["S"] == "JOB")
    jobs = [store.read(job_id, owner=OWNER, now_ms=SOON_MS) for job_id in ids]
    receipt, crowd = store.receipt(KEY, now_ms=NOW_MS), groups.waiting(GROUP, window_ms=WINDOW_MS)
    return as_json(
        {
            "jobs": {job.id: {**asdict(job), "notify": asdict(job.notify or Notify())} for job in jobs},
            "due": sorted(due.job_id for shard in range(DUE_SHARDS) for due in due_in(store, shard)),
            "mark": store.swept_until(3),
            "receipt": receipt and asdict(receipt),
            "targets": [asdict(target) for target in targets.list(OWNER)],
            "group": asdict(groups.read(GROUP)),
            "crowd": crowd and asdict(crowd),
            "messages": {name: asdict(message_from_body(body)) for name, body in messages.items()},
            "letters": {name: asdict(letter_from_body(body)) for name, body in letters.items()},
        }
    )


def due_in(store: JobStore, shard: int) -> list[DueJob]:
    return [due for page in store.due(shard, after_ms=-1, until_ms=10**15) for due in page]


def claimed(store: JobStore, job: Job) -> Job:
    stored = store.add(job)
    won = store.claim(stored.id, fire_at_ms=stored.fire_at_ms, claim_id="claim-1", now_ms=SOON_MS).won
    assert won is not None
    return won


def settle(store: JobStore, job: Job) -> None:
    store.settle(job, attempt=job.attempts[-1])


def as_json(values: dict[str, Any]) -> dict[str, Any]:
    """Values as they come back from a file; bytes as their text."""
    plain_values: dict[str, Any] = json.loads(json.dumps(values, default=lambda content: content.decode()))
    return plain_values


def plain(value: Any) -> Any:
    """DynamoDB's JSON with bytes in base64, as AWS prints it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def attributes(value: Any) -> Any:
    """The reverse: an item that can be put into a table."""
    if isinstance(value, dict):
        return {name: base64.b64decode(inner) if name == "B" else attributes(inner) for name, inner in value.items()}
    return [attributes(inner) for inner in value] if isinstance(value, list) else value
