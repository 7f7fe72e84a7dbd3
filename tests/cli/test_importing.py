"""Many jobs at once, each once, whatever happens in between."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from punctual import Client, Unreachable
from punctual.cli.errors import NotAccepted
from punctual.cli.importing import Journal, Outcome, send
from punctual.cli.job_files import Row, of_json_lines
from punctual.errors import TooManyRequests
from tests.client import gateway as gateways


@pytest.fixture
def client(gateway: gateways.Gateway) -> Iterator[Client]:
    with Client(gateway.url, gateways.TOKEN, retries=0) as client:
        yield client


def rows(count: int, **fields: Any) -> list[Row]:
    lines = [json.dumps({"url": f"https://shop.example.com/{n}", "delay_seconds": 60, **fields}) for n in range(count)]
    return [row for row in of_json_lines(lines) if isinstance(row, Row)]


def give_up(refusal: TooManyRequests) -> None:
    raise refusal


def imported(client: Client, what: Sequence[Row], path: Path | None) -> list[Outcome]:
    return [outcome for batch in send(client, what, Journal(path), wait=give_up) for outcome in batch]


def stored(client: Client) -> list[str]:
    return sorted(job.request.url for job in client.jobs())


def urls(what: Sequence[Row]) -> list[str]:
    return sorted(row.document["url"] for row in what)


def test_all_rows_become_jobs_a_hundred_at_a_time(client: Client, gateway: gateways.Gateway, tmp_path: Path) -> None:
    outcomes = imported(client, rows(230), tmp_path / "results")
    assert [outcome.row.number for outcome in outcomes] == list(range(1, 231))
    assert stored(client) == urls(rows(230))
    assert [path for _, path, _ in gateway.seen].count("/v1/jobs/batch") == 3


def test_what_was_imported_is_not_imported_again(client: Client, tmp_path: Path) -> None:
    """F1."""
    imported(client, rows(3), tmp_path / "results")
    assert imported(client, rows(5), tmp_path / "results") != []
    assert stored(client) == urls(rows(5))


def test_equal_rows_are_as_many_jobs(client: Client, tmp_path: Path) -> None:
    twice = [*rows(1), *rows(1)]
    imported(client, twice, tmp_path / "results")
    assert len(stored(client)) == 2
    assert imported(client, [*twice, *rows(1)], tmp_path / "results") != []
    assert len(stored(client)) == 3


def test_rows_that_were_mended_are_imported_and_the_others_are_not_again(client: Client, tmp_path: Path) -> None:
    bad = rows(150)
    bad[7].document["method"] = "BREW"
    outcomes = imported(client, bad, tmp_path / "results")
    assert [outcome.row.number for outcome in outcomes if outcome.result.problem] == [8]
    assert len(imported(client, rows(150), tmp_path / "results")) == 1
    assert stored(client) == urls(rows(150))


@pytest.mark.parametrize("lost_after", range(3))
def test_an_answer_that_was_lost_makes_no_doubles(
    lost_after: int, client: Client, gateway: gateways.Gateway, tmp_path: Path
) -> None:
    """F1: the batch was stored, and this side does not know: sent again, it finds its jobs."""
    sent = send(client, rows(250), Journal(tmp_path / "results"), wait=give_up)
    for _ in range(lost_after):
        next(sent)
    gateway.troubles.append(gateways.Lost())
    with pytest.raises(Unreachable):
        next(sent)
    imported(client, rows(250), tmp_path / "results")
    assert stored(client) == urls(rows(250))


def test_a_lost_answer_behind_a_refused_row_makes_no_doubles(
    client: Client, gateway: gateways.Gateway, tmp_path: Path
) -> None:
    """F1: a row that is sent again moves none of those behind it into another batch."""
    bad = rows(250)
    bad[7].document["method"] = "BREW"
    sent = send(client, bad, Journal(tmp_path / "results"), wait=give_up)
    next(sent)
    gateway.troubles.append(gateways.Lost())
    with pytest.raises(Unreachable):
        next(sent)
    imported(client, rows(250), tmp_path / "results")
    assert stored(client) == urls(rows(250))


@pytest.mark.parametrize("kept", range(0, 400, 23))
def test_a_torn_journal_makes_no_doubles(kept: int, client: Client, tmp_path: Path) -> None:
    """F1: the program was killed while it wrote down what was accepted; once sent again, it is known for good."""
    journal = tmp_path / "results"
    imported(client, rows(3), journal)
    whole = journal.read_bytes()
    journal.write_bytes(whole[: kept % len(whole)])
    imported(client, rows(3), journal)
    assert stored(client) == urls(rows(3))
    assert imported(client, rows(3), journal) == []


def test_without_a_journal_the_service_knows_a_repeated_batch(client: Client) -> None:
    """F1: for a day."""
    imported(client, rows(3), None)
    imported(client, rows(3), None)
    assert stored(client) == urls(rows(3))


def test_a_file_that_is_no_journal_is_left_alone(client: Client, tmp_path: Path) -> None:
    other = tmp_path / "mine.json"
    other.write_text('{"precious": 1}\n')
    with pytest.raises(NotAccepted, match="something else"):
        imported(client, rows(1), other)
    assert other.read_text() == '{"precious": 1}\n'
    assert stored(client) == []


def test_too_many_requests_are_waited_for(client: Client, gateway: gateways.Gateway, tmp_path: Path) -> None:
    refusal = json.dumps({"code": "rate_limited", "detail": "slow down", "errors": []}).encode()
    gateway.troubles += [gateways.Canned(429, refusal, {"retry-after": "50"})] * 2
    waits: list[float | None] = []
    for _ in send(client, rows(3), Journal(None), wait=lambda refused: waits.append(refused.retry_after)):
        pass
    assert waits == [50, 50]
    assert stored(client) == urls(rows(3))


def test_a_batch_is_no_larger_than_the_service_takes(client: Client, gateway: gateways.Gateway) -> None:
    large = rows(40, body="x" * 200_000)
    imported(client, large, None)
    assert stored(client) == urls(large)
