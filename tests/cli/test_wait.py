"""`punctual schedule --wait`, before a terminal and piped. The answers are set, the clock is the real one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from punctual import Client, Job
from punctual.cli.waiting import clock, pause, state
from tests.cli.programs import Program, lines
from tests.client import gateway as gateways

URL = "https://shop.example.com/api/items"
RETRY = {
    "number": 1,
    "started_at": "2026-11-21T12:00:00.004Z",
    "lateness_ms": 4,
    "duration_ms": 1310,
    "status_code": 503,
    "outcome": "retry",
    "error": {"code": "status_retryable", "message": "The target answered 503."},
    "response_excerpt": "one moment",
    "next_attempt_at": None,
}
FAILED = RETRY | {
    "number": 2,
    "status_code": 404,
    "outcome": "failed",
    "error": {"code": "status_permanent", "message": "The target answered 404."},
    "response_excerpt": "<h1>No\x1b[2J such page</h1>\nreally",
}
SUCCEEDED = RETRY | {"number": 2, "status_code": 200, "outcome": "succeeded", "error": None, "response_excerpt": "fine"}


@pytest.fixture
def raw(gateway: gateways.Gateway) -> dict[str, Any]:
    """A job as the service shows it."""
    with Client(gateway.url, gateways.TOKEN) as client:
        made: dict[str, Any] = dict(client.schedule(URL, method="GET", delay=5).raw)
    return made


def moment(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def document(raw: Mapping[str, Any], seconds: float, *attempts: Mapping[str, Any]) -> dict[str, Any]:
    """The job, to be sent so many seconds from now."""
    at = moment(seconds)
    return {**raw, "due_at": at, "next_attempt_at": at, "attempts": list(attempts), "attempt_count": len(attempts)}


def made(raw: Mapping[str, Any], seconds: float) -> Callable[[], gateways.Canned]:
    """The answer to a job that is made, due so many seconds after that."""
    return lambda: canned(document(raw, seconds), 201)


def scheduled(raw: Mapping[str, Any], seconds: float, *attempts: Mapping[str, Any]) -> Callable[[], gateways.Canned]:
    """The answer of a job that is still to be sent, so many seconds after it was asked for."""
    return lambda: canned(document(raw, seconds, *attempts))


def ended(raw: Mapping[str, Any], status: str, *attempts: Mapping[str, Any]) -> gateways.Canned:
    return canned({**document(raw, 0, *attempts), "status": status, "next_attempt_at": None})


def canned(content: Mapping[str, Any], status: int = 200) -> gateways.Canned:
    return gateways.Canned(status, json.dumps(content).encode(), {"content-type": "application/json"})


class TestBeforeATerminal:
    def test_counts_down_tells_the_attempts_and_why_it_failed(
        self, cli: Program, gateway: gateways.Gateway, raw: dict[str, Any]
    ) -> None:
        gateway.troubles += [
            made(raw, 3.5),
            scheduled(raw, 2.9, RETRY),
            ended(raw, "failed", RETRY, FAILED),
        ]
        with cli.before_terminal("schedule", URL, "--in", "2s", "--wait") as terminal:
            screen = terminal.wait_for(f"until attempt 2 of {raw['id']}")
            assert "Attempt 1: 503 after 1,310 ms, 4 ms late. The target answered 503. (status_retryable)" in screen
            assert terminal.finished() == 1
        shown = terminal.text
        counted = re.findall(rf"00:0(\d) until {raw['id']}", terminal.raw.decode())
        assert counted == sorted(counted, reverse=True) and len(set(counted)) > 1
        assert "until" not in shown  # the countdown has gone from the screen
        said = " ".join(shown.split())
        assert "Attempt 2: 404 after 1,310 ms, 4 ms late. The target answered 404. (status_permanent)" in said
        assert f"Error: {raw['id']} failed: The target answered 404. (status_permanent)" in said
        assert r"<h1>No\x1b[2J such page</h1>" in shown and "  really" in shown
        assert f"To call it again, as it was: punctual rerun {raw['id']}" in said

    def test_ends_well_when_the_job_succeeds(
        self, cli: Program, gateway: gateways.Gateway, raw: dict[str, Any]
    ) -> None:
        gateway.troubles += [made(raw, 0.5), ended(raw, "succeeded", SUCCEEDED)]
        with cli.before_terminal("schedule", URL, "--in", "1s", "--wait") as terminal:
            assert terminal.finished() == 0
        assert lines(terminal.text)[-1] == f"{raw['id']} succeeded."

    def test_interrupted_leaves_the_job_and_says_how_to_cancel_it(
        self, cli: Program, gateway: gateways.Gateway, raw: dict[str, Any]
    ) -> None:
        gateway.troubles.append(made(raw, 3_600))
        with cli.before_terminal("schedule", URL, "--in", "1h", "--wait") as terminal:
            terminal.wait_for(lambda text: re.search("59:5[0-9] until", text) is not None)
            terminal.type("\x03")
            assert terminal.finished() == 130
        assert f"{raw['id']} stays scheduled. To cancel it: punctual cancel {raw['id']}" in " ".join(
            terminal.text.split()
        )
        assert "Traceback" not in terminal.text
        assert terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l") >= 0  # the cursor is there again
        assert [method for method, _, _ in gateway.seen] == ["POST", "POST"]  # nothing was cancelled


class TestPiped:
    def test_is_lines_on_stderr(self, cli: Program, gateway: gateways.Gateway, raw: dict[str, Any]) -> None:
        gateway.troubles += [
            made(raw, 3),
            scheduled(raw, 3, RETRY),
            ended(raw, "succeeded", RETRY, SUCCEEDED),
        ]
        result = cli.run("schedule", URL, "--in", "1s", "--wait")
        assert result.code == 0
        assert lines(result.out)[0] == f"Scheduled {raw['id']}"
        said = lines(result.err)[2:]
        assert [re.sub("00:0[1-3]", "00:0n", line.split(" until ")[0]) for line in said] == [
            "00:0n",
            "Attempt 1: 503 after 1,310 ms, 4 ms late. The target answered 503. (status_retryable)",
            "00:0n",
            "Attempt 2: 200 after 1,310 ms, 4 ms late.",
            f"{raw['id']} succeeded.",
        ]
        assert "\x1b" not in result.err

    def test_with_json_prints_the_final_job_alone(
        self, cli: Program, gateway: gateways.Gateway, raw: dict[str, Any]
    ) -> None:
        final = ended(raw, "failed", FAILED)
        gateway.troubles += [made(raw, 2), final]
        result = cli.run("schedule", URL, "--in", "1s", "--wait", "--json")
        assert result.code == 1
        assert json.loads(result.out) == json.loads(final.content)
        assert result.out.count("\n") == 1

    def test_with_quiet_prints_the_id_and_why_it_failed(
        self, cli: Program, gateway: gateways.Gateway, raw: dict[str, Any]
    ) -> None:
        gateway.troubles += [made(raw, 2), ended(raw, "cancelled")]
        result = cli.run("schedule", URL, "--in", "1s", "--wait", "--quiet")
        assert (result.code, result.out) == (1, f"{raw['id']}\n")
        assert lines(result.err) == [f"Error: {raw['id']} was cancelled."]

    def test_goes_on_when_the_service_fails_for_a_moment(
        self, cli: Program, gateway: gateways.Gateway, raw: dict[str, Any]
    ) -> None:
        """The client gives up after some tries, the wait does not."""
        failing = gateways.Canned(429, b'{"message":"slow down"}', {"retry-after": "30"})
        gateway.troubles += [made(raw, 2), failing, ended(raw, "succeeded", SUCCEEDED)]
        assert cli.run("schedule", URL, "--in", "1s", "--wait").code == 0


NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def job(raw: dict[str, Any]) -> Job:
    return Job.of({**raw, "next_attempt_at": "2026-11-21T12:00:00.000Z"})


@pytest.mark.parametrize(
    ("seconds", "rests"),
    [
        (-5, 5.3),
        (-60, 60.3),
        (-90, 60),
        (-86_400, 300),
        (0, 1),
        (59, 1),
        (120, 5),
    ],
)
def test_the_service_is_asked_seldom_before_and_gently_after(job: Job, seconds: int, rests: float) -> None:
    """Seconds after the planned moment → how long it is left alone."""
    now = NOW + timedelta(seconds=seconds)
    assert pause(job, now, NOW - timedelta(days=2)).total_seconds() == rests


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (4, "00:04"),
        (3.2, "00:04"),
        (0.01, "00:01"),
        (3_661, "01:01:01"),
        (90_061, "1 day 01:01:01"),
        (172_800, "2 days 00:00:00"),
    ],
)
def test_a_countdown_is_rounded_up(seconds: float, shown: str) -> None:
    assert clock(timedelta(seconds=seconds)) == shown


def test_what_is_waited_for_is_told(job: Job, raw: dict[str, Any]) -> None:
    assert state(job, NOW) == f"{job.id} is being called."
    assert (
        state(Job.of({**raw, "waiting_for": "target"}), NOW) == f"{job.id} waits for its target, which is in trouble."
    )
