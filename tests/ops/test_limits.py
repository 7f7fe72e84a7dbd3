"""Limits of one owner, set by hand."""

from __future__ import annotations

import pytest

from lambdas.adapters.dynamodb_usage import DynamoDbUsage
from lambdas.jobs.limiting import Limiter
from lambdas.jobs.limits import OwnerLimits
from ops import limits
from ops.place import Place
from tests.examples import a_job
from tests.fakes import NOW_MS, FakeJournal
from tests.ops.conftest import Lines


def held_to(at: Place, owner: str) -> OwnerLimits:
    """What a function holds an owner to."""
    usage = DynamoDbUsage(at.dynamodb, at.table_name)
    return Limiter(usage=usage, journal=FakeJournal(), defaults=OwnerLimits()).limits(owner, now_ms=NOW_MS)


def test_what_is_written_is_what_the_owner_is_held_to(at: Place, printed: Lines) -> None:
    """T9: an operator's answer to abuse. What is not named stays; others are not touched."""
    assert limits.main(["ada", "requests_per_minute=60", "upcoming_jobs=5", "--write"]) == 0
    assert limits.main(["ada", "requests_per_minute=7", "--write"]) == 0
    assert held_to(at, "ada") == OwnerLimits(requests_per_minute=7, upcoming_jobs=5)
    assert held_to(at, "eve") == OwnerLimits()
    printed()
    assert limits.main(["ada"]) == 0
    assert sorted(printed()) == ["requests_per_minute=7", "upcoming_jobs=5"]


def test_a_name_without_a_number_gives_the_stages_limit_back(at: Place) -> None:
    """The last one takes the item away."""
    limits.main(["ada", "requests_per_minute=60", "upcoming_jobs=5", "--write"])
    limits.main(["ada", "requests_per_minute=", "--write"])
    assert held_to(at, "ada") == OwnerLimits(upcoming_jobs=5)
    limits.main(["ada", "upcoming_jobs=", "--write"])
    assert held_to(at, "ada") == OwnerLimits()
    assert not at.dynamodb.scan(TableName=at.table_name)["Items"]


def test_nothing_is_written_unless_told_to(at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows what would be, and what the owner uses."""
    for _ in range(2):
        at.store.add(a_job())
    assert limits.main(["ada", "upcoming_jobs=5"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "upcoming_jobs=5\n"
    assert "2 jobs upcoming, 0 requests" in shown.err and "without --write" in shown.err
    assert held_to(at, "ada") == OwnerLimits()


@pytest.mark.parametrize("change", ["requests=5", "requests_per_minute", "upcoming_jobs=many", "upcoming_jobs=0"])
def test_what_makes_no_sense_is_a_sentence(at: Place, change: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert limits.main(["ada", change, "--write"]) == 1
    assert change.partition("=")[0] in capsys.readouterr().err
    assert held_to(at, "ada") == OwnerLimits()
