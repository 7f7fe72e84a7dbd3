"""T8: what users wrote and targets answered reaches no terminal as it is, whatever the command and its form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.handlers import api, check
from lambdas.jobs.job import Body, Job, Request, Status
from lambdas.jobs.keys import ApiKey
from lambdas.jobs.target import Sign
from punctual.cli.main import main
from tests.cli.programs import Program
from tests.cli.stored import URL, retried, set_clock, stored
from tests.client import gateway as gateways
from tests.handlers.recorded import Service

STEERS = "\x1b]0;owned\x07\x9b2J\u202e\u200b\x7f"
"""Names the window, clears the screen, turns the line around, hides."""

PARTS = ("\x1b]", "\x07", "\x9b", "\u202e", "\u200b", "\x7f")

OF_STRANGERS = {
    *("name", "url", "host", "reason", "body", "response_excerpt", "body_excerpt", "actual", "expected"),
    *("detail", "message", "description", "X-Note", "owner"),
}
"""Members of answers that hold what was written by users or targets, or sentences that may quote it."""

COMMANDS: dict[str, tuple[str, ...]] = {
    "get": ("get", "FAILED"),
    "history": ("history", "FAILED"),
    "list": ("list",),
    "schedule": ("schedule", "POST", URL, "--in", "5m", "name=Ann"),
    "schedule what is refused": ("schedule", "FETCH", URL, "--in", "5m"),
    "dry run": ("schedule", "FETCH", URL, "--in", "5m", "--dry-run"),
    "test": ("test", URL, "--expect", 'json={"a":1}', "--expect", "body~b", "--expect", "header:x-a=b"),
    "update": ("update", "SCHEDULED", "--name", "new", "--method", "PUT", "-d", "new"),
    "cancel": ("cancel", "SCHEDULED"),
    "cancel some": ("cancel", "SCHEDULED", "FAILED"),
    "cancel what has ended": ("cancel", "FAILED"),
    "run": ("run", "SCHEDULED"),
    "rerun": ("rerun", "FAILED"),
    "criteria": ("criteria",),
    "whoami": ("whoami",),
    "keys": ("keys",),
    "targets": ("targets",),
    "targets allow": ("targets", "allow", "shop.example.com"),
    "import": ("import", "jobs.jsonl", "--results", "results"),
    "import what cannot be read": ("import", "jobs.csv"),
    "import for trying": ("import", "jobs.jsonl", "--dry-run"),
}


@pytest.fixture
def jobs(service: Service) -> dict[str, Job]:
    request = Request("POST", URL, (("X-Note", "a"),), Body(b"words", "text"))
    held = service.targets.count(gateways.OWNER, "shop.example.com", sign=Sign.FAILURE, now_ms=set_clock(service))
    denied = held.denied("status_permanent", now_ms=held.since_ms)
    service.keys.add(ApiKey("0" * 16, gateways.OWNER, "ci", ("jobs:read",), held.since_ms, b""))
    service.targets.replace(denied, read_version=held.version, now_ms=held.since_ms)
    return {
        "SCHEDULED": stored(service, name="purge", request=request, attempts=[retried(1)]),
        "FAILED": stored(service, Status.FAILED, due_in=-60, name="purge", request=request),
    }


@pytest.fixture
def strangers_words(gateway: gateways.Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever strangers may have written steers a terminal."""
    monkeypatch.setattr(gateways, "check_answer", lambda _event, _answer: None)
    for function in (api, check):
        monkeypatch.setattr(function, "handler", _steering(function.handler))


def _steering(handler: Any) -> Any:
    def altered(event: Any, context: Any) -> Any:
        answer = handler(event, context)
        return {**answer, "body": json.dumps(_altered(json.loads(answer["body"])))} if answer.get("body") else answer

    return altered


def _altered(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _altered(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_altered(each, name) for each in value]
    return value + STEERS if isinstance(value, str) and name in OF_STRANGERS else value


@pytest.mark.usefixtures("strangers_words")
@pytest.mark.parametrize("form", [(), ("--color",), ("--json",)], ids=["piped", "laid out", "json"])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_command_shows_them_as_they_are(
    command: tuple[str, ...],
    form: tuple[str, ...],
    jobs: dict[str, Job],
    cli: Program,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """They are written out, on both streams. (In this process: what is printed is the same, and it is quicker.)"""
    words = [jobs[word].id if word in jobs else word for word in command]
    (cli.folder / "jobs.jsonl").write_text(json.dumps({"url": URL, "method": "FETCH"}) + "\n")
    (cli.folder / "jobs.csv").write_text(f"url,in,timeout_seconds\n{URL},{STEERS},1\n{URL},1m,{STEERS}\n")
    for name, value in {**cli.environment, "COLUMNS": "500"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(cli.folder)
    main([*words, *form])
    printed = "".join(capfd.readouterr())
    assert [part for part in PARTS if part in printed] == []
    assert "owned" in printed


@pytest.mark.usefixtures("strangers_words")
@pytest.mark.parametrize(
    "arguments",
    [("export",), ("export", "--format", "csv"), ("get", "SCHEDULED", "--body")],
    ids=["json", "csv", "body"],
)
def test_what_is_written_byte_for_byte_is_not_in_a_terminal(
    arguments: tuple[str, ...], jobs: dict[str, Job], cli: Program
) -> None:
    """Files and pipes get it as it is."""
    words = [jobs[word].id if word in jobs else word for word in arguments]
    with cli.before_terminal(*words, columns=500) as terminal:
        assert terminal.finished() == 0
    assert [part for part in PARTS if part in terminal.raw.decode()] == []
    assert "owned" in terminal.text
