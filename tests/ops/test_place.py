"""Where a command works, and what is said if it cannot."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from lambdas.jobs.errors import StoreUnavailable
from ops import failed, place
from ops.selection import instant

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-29", "2026-11-29T00:00:00Z"),
        ("2026-11-29T06:00Z", "2026-11-29T06:00:00Z"),
        ("2026-11-29T06:00:00.250-05:00", "2026-11-29T11:00:00.250Z"),
        ("2026-11-29 06:00", "2026-11-29T06:00:00Z"),
        ("now", "2026-11-29T12:00:00Z"),
        ("-90m", "2026-11-29T10:30:00Z"),
        ("-2d", "2026-11-27T12:00:00Z"),
        ("+15s", "2026-11-29T12:00:15Z"),
    ],
)
def test_times_are_instants_days_or_relative_to_now(text: str, meant: str) -> None:
    """UTC unless they say otherwise, as all that the commands print."""
    assert instant(text, NOON) == datetime.fromisoformat(meant).timestamp() * 1000


@pytest.mark.parametrize("text", ["yesterday", "-6", "6h", "2026-13-01", "-999999d", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    """With what would be one."""
    with pytest.raises(argparse.ArgumentTypeError, match="is no time: 2026-11-29"):
        instant(text, NOON)


def test_without_a_running_stack_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a traceback."""
    monkeypatch.setenv("PUNCTUAL_STATE", str(tmp_path))
    assert failed.main([]) == 1
    assert "`make run`, or name one with --stack" in capsys.readouterr().err


def test_the_local_stack_is_found_by_its_file(tmp_path: Path) -> None:
    """And is never AWS, whatever profile the machine has."""
    queues = {"jobs": "http://127.0.0.1:9/jobs", "dead_letters": "http://127.0.0.1:9/dead"}
    stack = {"aws_endpoint_url": "http://127.0.0.1:9", "table": "t", "queues": queues}
    (tmp_path / "stack.json").write_text(json.dumps(stack))
    found = place.local_place(tmp_path / "stack.json")
    assert found.dynamodb.meta.endpoint_url == found.sqs.meta.endpoint_url == "http://127.0.0.1:9"
    assert (found.table_name, found.jobs_url) == ("t", "http://127.0.0.1:9/jobs")


def test_a_stack_on_aws_is_found_by_its_outputs() -> None:
    """In the session's region."""
    session = boto3.Session(region_name="eu-west-1")
    outputs = {name: f"the-{name}" for name in ("TableName", "JobsQueueUrl", "DeadLettersUrl")}
    found = place.stack_place("Punctual-prod", outputs, session)
    assert (found.table_name, found.dead_letters_url) == ("the-TableName", "the-DeadLettersUrl")
    assert found.dynamodb.meta.region_name == found.sqs.meta.region_name == "eu-west-1"
    with pytest.raises(place.NotHere, match="it is not one of Punctual"):
        place.stack_place("Other", {}, session)


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ValidationError", "Message": "Stack x does not exist"}}, "DescribeStacks"),
        NoCredentialsError(),
        StoreUnavailable("Query: AccessDeniedException"),
    ],
)
def test_what_aws_refuses_is_a_sentence(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No such stack, no credentials, a right that is missing."""

    def refuse(_: object) -> None:
        raise error

    monkeypatch.setattr(place, "find", refuse)
    assert failed.main(["--stack", "x"]) == 1
    assert str(error) in capsys.readouterr().err
