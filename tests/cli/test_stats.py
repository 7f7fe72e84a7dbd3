"""`punctual stats`: bars before a terminal, rows for scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.programs import Program, lines
from tests.client import gateway as gateways

NAMES = ("scheduled", "running", "succeeded", "failed", "cancelled")


def stats(*days: tuple[str, dict[str, int]]) -> gateways.Canned:
    """What the service answers for these days and counts."""
    empty = dict.fromkeys(NAMES, 0)
    series: list[dict[str, Any]] = [
        {"start": f"{day}T00:00:00.000Z", "start_local": f"{day}T00:00:00.000+00:00", **empty, **counts}
        for day, counts in days
    ]
    totals = {name: sum(entry[name] for entry in series) for name in NAMES}
    return gateways.Canned(200, json.dumps({"totals": totals, "series": series}).encode())


@pytest.fixture
def three_days(gateway: gateways.Gateway) -> None:
    gateway.troubles.append(
        stats(
            ("2026-11-20", {}),
            ("2026-11-21", {"succeeded": 1000, "failed": 1}),
            ("2026-11-22", {}),
            ("2026-11-23", {"scheduled": 500}),
            ("2026-11-24", {}),
        )
    )


@pytest.mark.usefixtures("three_days")
def test_bars_are_as_long_as_there_are_jobs_and_empty_ends_are_left_out(cli: Program) -> None:
    with cli.before_terminal("stats", columns=80) as terminal:
        assert terminal.finished() == 0
    legend, first, second, third = lines(terminal.text)
    assert legend == "░ scheduled 500  ▒ running 0  █ succeeded 1000  × failed 1  · cancelled 0"
    assert first.lstrip().startswith("Sat 21 Nov 2026  ") and first.endswith("× 1001")
    assert second.split() == ["Sun", "22", "Nov", "2026", "0"]
    assert third.count("░") * 2 == pytest.approx(first.count("█"), abs=2)


@pytest.mark.usefixtures("three_days")
def test_without_colours_the_bars_are_told_apart(cli: Program) -> None:
    with cli.before_terminal("stats", NO_COLOR="1") as terminal:
        terminal.finished()
    assert b"\x1b[3" not in terminal.raw
    assert "×" in terminal.text and "█" in terminal.text


@pytest.mark.usefixtures("three_days")
def test_rows_for_scripts_are_all_there(cli: Program) -> None:
    rows = lines(cli.run("stats").out)
    assert len(rows) == 5
    assert rows[1] == "2026-11-21T00:00:00.000+00:00\t0\t0\t1000\t1\t0"


def test_no_jobs_at_all_are_no_bars(cli: Program, gateway: gateways.Gateway) -> None:
    gateway.troubles.append(stats(("2026-11-20", {})))
    with cli.before_terminal("stats") as terminal:
        assert terminal.finished() == 0
    assert len(lines(terminal.text)) == 1


def test_the_range_is_asked_for_in_the_users_own_zone(cli: Program, gateway: gateways.Gateway) -> None:
    ended = cli.run("stats", "2026-11", "--interval", "day", "--json")
    assert ended.code == 0
    answer = json.loads(ended.out)
    assert (answer["from"], answer["to"]) == ("2026-10-31T23:00:00.000Z", "2026-11-30T23:00:00.000Z")
    assert answer["timezone"] == "Europe/Berlin"
    assert len(answer["series"]) == 30


def test_a_range_that_is_said_twice_is_refused(cli: Program) -> None:
    ended = cli.run("stats", "today", "--from", "yesterday")
    assert (ended.code, ended.out) == (2, "")
