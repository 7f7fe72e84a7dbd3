"""The option --timezone: any name of the database, however it is typed, and no other."""

from __future__ import annotations

from tests.cli.programs import Program, lines
from tests.cli.test_completion import completed

URL = "https://shop.example.com/"


def test_a_zone_may_be_typed_in_small_letters(cli: Program) -> None:
    ended = cli.run("schedule", URL, "--at", "24 dec 2090 18:00", "--timezone", "america/new_york")
    assert ended.code == 0
    assert lines(ended.out)[-1].startswith("  Sunday 24 December 2090, 18:00 America/New_York, in 6")


def test_a_zone_that_does_not_exist_is_answered_with_the_one_that_is_near(cli: Program) -> None:
    ended = cli.run("schedule", URL, "--at", "24 dec 2090 18:00", "--timezone", "Europe/Berln")
    assert (ended.code, ended.out) == (2, "")
    said = " ".join(ended.err.split())
    assert "'--timezone': There is no time zone \"Europe/Berln\". Did you mean Europe/Berlin?" in said


def test_zones_are_completed(stranger: Program) -> None:
    assert completed(stranger, "schedule", "--timezone", "europe/ber") == ["Europe/Berlin"]


def test_a_server_whose_zone_is_utc_is_told_one_time_only(cli: Program) -> None:
    ended = cli.run("schedule", "GET", "https://shop.example.com/", "--at", "2090-01-01 10:00", TZ="Etc/UTC")
    assert ended.code == 0, ended.err
    assert "Sunday 1 January 2090, 10:00 UTC, in " in ended.err
    assert "Etc/UTC" not in ended.err + ended.out
