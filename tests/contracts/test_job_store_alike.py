"""The fake and the adapter side by side, through any story that hypothesis can think of: they tell the same.

The suites beside this one say what a store does in the cases that somebody thought of. The core's tests stand on the
fake, so this looks for cases in which it does something else than the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from moto import mock_aws

from lambdas.jobs.due_job import due_shard
from lambdas.jobs.errors import EditLost, PunctualError, SettleLost
from lambdas.jobs.job import AttemptOutcome, Job, Request, Status
from lambdas.jobs.listing import ListQuery
from lambdas.jobs.ports import Claim, JobStore
from tests.contracts.aws_places import client, make_table
from tests.contracts.conftest import Table
from tests.examples import HORIZON, RETENTION_MS, a_job, an_attempt, large_request, new_id
from tests.fakes import NOW_MS, FakeJobStore

IDS = [new_id(), new_id()]
ids = st.sampled_from(IDS)
pasts = st.integers(0, 2)
"""How many versions ago a caller read the job that it goes by."""


class SideBySide(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.aws = mock_aws()
        self.aws.start()
        dynamodb = client("dynamodb")
        self.stores: list[JobStore] = [FakeJobStore(), Table(dynamodb, make_table(dynamodb)).store()]
        self.now_ms = NOW_MS
        self.seen: dict[str, list[Job]] = {job_id: [] for job_id in IDS}

    def teardown(self) -> None:
        self.aws.stop()

    @rule(seconds=st.sampled_from([1, 60, 3_600, 86_400 * 31]))
    def wait(self, seconds: int) -> None:
        self.now_ms += seconds * 1000

    @rule(job_id=ids, owner=st.sampled_from(["ada", "bob"]), large=st.booleans(), due_in_ms=st.integers(-1, 10**6))
    def add(self, job_id: str, owner: str, large: bool, due_in_ms: int) -> None:
        request = large_request(3_000) if large else Request("GET", "https://example.com/")
        job = a_job(id=job_id, owner=owner, request=request, due_at_ms=self.now_ms + due_in_ms)
        self._both(lambda store: store.add(job))

    @rule(job_id=ids, past=pasts, kind=st.sampled_from(["rename", "put off", "enlarge", "shrink", "cancel"]))
    def edit(self, job_id: str, past: int, kind: str) -> None:
        if (read := self._seen(job_id, past)) is None:
            return
        edits: dict[str, Callable[[Job], Job]] = {
            "rename": lambda job: replace(job, name="new"),
            "put off": lambda job: replace(job, due_at_ms=self.now_ms + 5_000, fire_at_ms=self.now_ms + 5_000),
            "enlarge": lambda job: replace(job, request=large_request(4_000)),
            "shrink": lambda job: replace(job, request=Request("GET", "https://example.com/")),
        }

        def change(store: JobStore) -> Job:
            job = store.with_request(_as_stored_in(store, read))
            if kind == "cancel":
                after = job.cancelled(now_ms=self.now_ms, retention_ms=RETENTION_MS)
            else:
                after = edits[kind](job).edited(now_ms=self.now_ms, horizon=HORIZON)
            return store.replace(after, read_version=read.version)

        if read.stored_apart is None or past == 0:  # nobody can read a large request that was replaced
            self._both(change)

    @rule(job_id=ids, past=pasts, claim_id=st.sampled_from("xyz"))
    def claim(self, job_id: str, past: int, claim_id: str) -> None:
        if (read := self._seen(job_id, past)) is None:
            return
        fire_at_ms = read.fire_at_ms
        self.now_ms = max(self.now_ms, fire_at_ms - 2_000)  # no message comes earlier than the lead
        self._both(lambda store: store.claim(job_id, fire_at_ms=fire_at_ms, claim_id=claim_id, now_ms=self.now_ms))

    @rule(job_id=ids, past=pasts, claim_id=st.sampled_from("xyz"))
    def take_over(self, job_id: str, past: int, claim_id: str) -> None:
        if (read := self._seen(job_id, past)) is not None and read.status is Status.RUNNING:
            self._both(lambda store: store.take_over(read, claim_id=claim_id, now_ms=self.now_ms))

    @rule(job_id=ids, past=pasts, outcome=st.sampled_from(AttemptOutcome))
    def settle(self, job_id: str, past: int, outcome: AttemptOutcome) -> None:
        if (read := self._seen(job_id, past)) is None or read.status is not Status.RUNNING:
            return
        attempt = an_attempt(read.attempt_count, outcome)
        if outcome is AttemptOutcome.RETRY:
            after = read.retried(attempt, fire_at_ms=self.now_ms + 9, now_ms=self.now_ms, horizon=HORIZON)
        else:
            end = Job.succeeded if outcome is AttemptOutcome.SUCCEEDED else Job.failed
            after = end(read, attempt, now_ms=self.now_ms, retention_ms=RETENTION_MS)
        self._both(lambda store: store.settle(after, attempt=after.attempts[-1]))

    @rule(job_id=ids, past=pasts, claim_id=st.sampled_from("xyz"), wait_ms=st.sampled_from([1, 9]))
    def put_off_unsent(self, job_id: str, past: int, claim_id: str, wait_ms: int) -> None:
        if (read := self._seen(job_id, past)) is None or read.status is not Status.RUNNING:
            return
        after = read.put_off(fire_at_ms=read.fire_at_ms + wait_ms, now_ms=self.now_ms, horizon=HORIZON)
        self._both(lambda store: store.put_off(after, claim_id=claim_id))

    @rule(job_id=ids, past=pasts)
    def mark_alerted(self, job_id: str, past: int) -> None:
        if (read := self._seen(job_id, past)) is not None and read.status.finished:
            self._both(lambda store: store.mark_alerted(read, now_ms=self.now_ms))

    @rule(job_id=ids, owner=st.sampled_from(["ada", "bob"]))
    def read(self, job_id: str, owner: str) -> None:
        self._both(lambda store: store.read(job_id, owner=owner, now_ms=self.now_ms))

    @rule(owner=st.sampled_from(["ada", "bob"]), statuses=st.frozensets(st.sampled_from(Status), min_size=1))
    def list(self, owner: str, statuses: frozenset[Status]) -> None:
        query = ListQuery(owner, statuses=statuses)
        self._both(lambda store: store.list(query, now_ms=self.now_ms).jobs)

    @invariant()
    def they_hold_the_same(self) -> None:
        """And P1, after every write: an unfinished job is in the due index at its fire time."""
        for job_id in IDS:
            fake, real = (store.find(job_id) for store in self.stores)
            assert _comparable(fake, self.stores[0]) == _comparable(real, self.stores[1])
            due = [] if fake is None or fake.status.finished else [fake.fire_at_ms]
            assert [_due(store, job_id) for store in self.stores] == [due, due]

    def _seen(self, job_id: str, past: int) -> Job | None:
        """The job as a caller may have read it, now or some versions ago."""
        job = self.stores[0].find(job_id)
        seen = self.seen[job_id]
        if job is not None and job not in seen:
            seen.append(job)
        return seen[-1 - past] if len(seen) > past else None

    def _both(self, call: Callable[[JobStore], Any]) -> None:
        fake, real = (_told(store, call) for store in self.stores)
        assert fake == real


def _told(store: JobStore, call: Callable[[JobStore], Any]) -> Any:
    """What a store answers, or what it raises and with what; jobs with their requests, wherever these are stored."""
    try:
        return _comparable(call(store), store)
    except (EditLost, SettleLost) as lost:
        return type(lost), _comparable(lost.found, store)
    except PunctualError as error:
        return type(error)


def _comparable(answer: Any, store: JobStore) -> Any:
    match answer:
        case Job():
            whole = answer if answer.request.body else store.with_request(answer)
            return replace(whole, stored_apart=answer.stored_apart is not None)
        case Claim():
            return _comparable(answer.won, store), _comparable(answer.found, store)
        case tuple():  # a list, which shows no bodies
            return [replace(job, stored_apart=job.stored_apart is not None) for job in answer]
    return answer


def _as_stored_in(store: JobStore, read: Job) -> Job:
    """The job as this store gave it to the caller: the stores need not agree on the place of its request."""
    return read if read.stored_apart is None else store.find(read.id) or read


def _due(store: JobStore, job_id: str) -> list[int]:
    pages = store.due(due_shard(job_id), after_ms=0, until_ms=NOW_MS * 2)
    return [entry.fire_at_ms for page in pages for entry in page if entry.job_id == job_id]


TestSideBySide = SideBySide.TestCase
TestSideBySide.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate],  # to make a story shorter takes minutes, and they are short
)
