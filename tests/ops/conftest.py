"""An operator's place: a table and queues as moto plays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from moto import mock_aws

from lambdas.jobs.job import AttemptError, AttemptOutcome, Job
from ops import place
from ops.place import Place
from tests.contracts.aws_places import client, fresh_name, make_table
from tests.examples import RETENTION_MS, a_job, an_attempt
from tests.fakes import NOW_MS


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """An empty place, which every command finds."""
    with mock_aws():
        sqs = client("sqs")
        made = Place(
            title="a place of tests",
            dynamodb=client("dynamodb"),
            sqs=sqs,
            table_name=make_table(client("dynamodb")),
            jobs_url=sqs.create_queue(QueueName=fresh_name("jobs"))["QueueUrl"],
            dead_letters_url=sqs.create_queue(QueueName=fresh_name("dead"))["QueueUrl"],
        )
        monkeypatch.setattr(place, "find", lambda given: made)
        yield made


@dataclass(frozen=True)
class Hands:
    """Brings jobs into a state, as the functions do."""

    at: Place

    def failed(self, job: Job | None = None, *, code: str = "timeout") -> Job:
        """A job that has failed, as it is stored."""
        added = self.at.store.add(job or a_job())
        claimed = self.at.store.claim(added.id, fire_at_ms=added.fire_at_ms, claim_id="c", now_ms=NOW_MS).won
        assert claimed is not None
        error = AttemptError(code, "It went wrong.")
        attempt = replace(an_attempt(outcome=AttemptOutcome.FAILED), error=error)
        failed = claimed.failed(attempt, now_ms=added.fire_at_ms + 100, retention_ms=RETENTION_MS)
        self.at.store.settle(failed, attempt=attempt)
        return self.found(added.id)

    def found(self, job_id: str) -> Job:
        job = self.at.store.find(job_id)
        assert job is not None
        return job

    def all_ids(self) -> set[str]:
        """Of every job in the table."""
        items = self.at.dynamodb.scan(TableName=self.at.table_name)["Items"]
        return {str(item["pk"]["S"])[4:] for item in items if item["sk"]["S"] == "JOB"}


@pytest.fixture
def hands(at: Place) -> Hands:
    return Hands(at)


Lines = Callable[[], list[str]]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Lines:
    """The lines of a command's list since the last look."""
    return lambda: capsys.readouterr().out.splitlines()
