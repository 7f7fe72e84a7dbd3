"""`punctual update`: what is given changes, the rest stays, and what has changed is shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.job import Body, Request, Status
from tests.cli.programs import Program, lines
from tests.cli.stored import stored
from tests.client.gateway import Gateway
from tests.handlers.recorded import Service

URL = "https://shop.example.com/items"
REQUEST = Request("PUT", URL, headers=(("X-Trace", "7"), ("Authorization", "s3cret")), body=Body(b"old", "text"))


def changed(cli: Program, *words: str) -> dict[str, Any]:
    """The job after the change, as the service has it."""
    ended = cli.run("update", *words, "--json")
    assert ended.code == 0, ended
    job: dict[str, Any] = json.loads(ended.out)
    return job


class TestWhatChanges:
    @pytest.mark.parametrize(
        ("words", "field", "value"),
        [
            (("--name", "purge"), "name", "purge"),
            (("--timeout", "5s"), "timeout_seconds", 5),
            (("--expect", "200,404"), "expect", {"status": [200, 404]}),
            (
                ("--retry", "attempts=2"),
                "retry",
                {"max_attempts": 2, "min_backoff_seconds": 10, "max_backoff_seconds": 3600},
            ),
            (("--notify", "none"), "notify", {"on": []}),
            (("--timezone", "America/New_York"), "timezone", "America/New_York"),
        ],
    )
    def test_is_what_was_given(
        self, words: tuple[str, ...], field: str, value: object, cli: Program, service: Service
    ) -> None:
        job = stored(service, request=REQUEST)
        after = changed(cli, job.id, *words)
        assert after[field] == value
        assert after["request"]["body"] == "old"
        assert service.store[job.id].due_at_ms == job.due_at_ms

    @pytest.mark.parametrize(
        ("words", "request_"),
        [
            (("POST",), {"method": "POST"}),
            (("-X", "post"), {"method": "POST"}),
            (
                ("DELETE", "https://shop.example.com/other"),
                {"method": "DELETE", "url": "https://shop.example.com/other"},
            ),
            (("page==2",), {"url": f"{URL}?page=2"}),
            (("-d", "new"), {"body": "new"}),
            (("--json", "a:=1"), {"body": {"a": 1}}),
            (("b=2",), {"body": {"b": "2"}}),
            (("-H", "X-New: 1"), {"headers": {"X-New": "1"}}),
            (("X-New:1",), {"headers": {"X-New": "1"}}),
            (("X-Back:https://a.example.com/",), {"headers": {"X-Back": "https://a.example.com/"}}),
            (("a=https://a.example.com/",), {"body": {"a": "https://a.example.com/"}}),
            (("--secret-header", "X-Trace"), {"headers": {"X-Trace": "[redacted]", "Authorization": "[redacted]"}}),
            (
                ("--", "curl", "-X", "PATCH", "https://shop.example.com/curl", "-H", "X-New: 1"),
                {"method": "PATCH", "url": "https://shop.example.com/curl", "headers": {"X-New": "1"}, "body": None},
            ),
        ],
    )
    def test_of_a_request_is_what_was_given(
        self, words: tuple[str, ...], request_: dict[str, object], cli: Program, service: Service
    ) -> None:
        job = stored(service, request=REQUEST)
        before = json.loads(cli.run("get", job.id, "--json").out)["request"]
        own, curl = (words, ()) if words[0] != "--" else ((), words)
        ended = cli.run("update", job.id, *own, "--json", *curl)
        assert ended.code == 0, ended
        assert json.loads(ended.out)["request"] == {**before, **request_}

    def test_may_be_the_time(self, cli: Program, service: Service) -> None:
        job = stored(service, timezone="America/New_York")
        after = changed(cli, job.id, "--at", "2099-01-01 09:00")
        assert (after["due_at"], after["timezone"]) == ("2099-01-01T14:00:00.000Z", "America/New_York")
        assert changed(cli, stored(service).id, "--at", "2099-01-01 09:00")["timezone"] == "Europe/Berlin"
        assert changed(cli, stored(service, due_in=86_400).id, "--in", "0s")["version"] == 2

    def test_what_is_unset_is_what_it_is_by_default(self, cli: Program, service: Service) -> None:
        job = stored(service, name="purge", timeout_ms=5_000, request=REQUEST)
        after = changed(
            cli, job.id, *(word for name in ("name", "timeout", "headers", "body") for word in ("--unset", name))
        )
        assert (after["name"], after["timeout_seconds"]) == (None, 30)
        assert after["request"] == {"method": "PUT", "url": URL, "headers": {}, "body": None}

    def test_leads_no_secret_elsewhere(self, cli: Program, service: Service) -> None:
        job = stored(service, request=REQUEST)
        ended = cli.run("update", job.id, "https://other.example.com/")
        assert (ended.code, ended.out) == (4, "")
        assert "--header" in ended.err


class TestWhatIsTold:
    def test_before_and_after_of_what_has_changed(self, cli: Program, service: Service) -> None:
        job = stored(service, due_in=60, name="old\x1b[2J", request=REQUEST)
        ended = cli.run("update", job.id, "--name", "new", "-d", "new", "-H", "X-New: 1", "--in", "1h")
        assert (ended.code, ended.err) == (0, "")
        told = lines(ended.out)
        assert told[0] == f"Updated {job.id}, now at version 2"
        assert set(told) >= {
            r"  name: old\x1b[2J → new",
            "  body: old → new",
            "  header X-New: none → 1",
            "  header X-Trace: 7 → none",
            "  header Authorization: [redacted] → none",
        }
        assert re.search(r"^  due: \w+ .* → \w+ .* in (1 hour|59 minutes)", ended.out, re.MULTILINE)
        assert "method" not in ended.out

    def test_a_body_whose_type_is_not_sent_is_noted(self, cli: Program, service: Service) -> None:
        job = stored(service, request=REQUEST)
        assert "no Content-Type is sent with it" in cli.run("update", job.id, "-d", "a=1").err
        typed = stored(service, request=replace(REQUEST, headers=(("content-type", "text/plain"),)))
        assert cli.run("update", typed.id, "-d", "a=1").err == ""

    def test_long_ones_are_below_each_other(self, cli: Program, service: Service) -> None:
        job = stored(service, request=REQUEST)
        with cli.before_terminal("update", job.id, "--in", "2h", columns=70) as terminal:
            assert terminal.finished() == 0
        assert "  due: " in terminal.text and "\n     → " in terminal.text

    def test_nothing_has_changed_is_told(self, cli: Program, service: Service) -> None:
        job = stored(service, name="same")
        ended = cli.run("update", job.id, "--name", "same")
        assert (ended.code, ended.out) == (0, f"{job.id} is so already: nothing was changed.\n")

    def test_quiet_is_the_id(self, cli: Program, service: Service) -> None:
        job = stored(service)
        assert cli.run("update", job.id, "--name", "n", "-q").out == f"{job.id}\n"

    def test_who_was_slower_is_told_what_it_is_now(self, cli: Program, service: Service) -> None:
        job = stored(service, due_in=7_250, request=REQUEST)
        service.store.put(replace(job, version=5))
        ended = cli.run("update", job.id, "--name", "n", "--if-version", "1")
        assert (ended.code, ended.out) == (6, "")
        assert "the job is at version 5, not 1. Somebody was faster" in ended.err
        assert "scheduled, due " in ended.err and f"PUT {URL}" in ended.err
        assert "--if-version 5" in ended.err
        assert service.store[job.id].name is None
        assert cli.run("update", job.id, "--name", "n", "--if-version", "5").code == 0


class TestMistakes:
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ((), "It is not said what is to be changed."),
            (("--at", "sunday 1am", "--in", "1h"), "Give --at or --in, not both."),
            (("--name", "n", "--unset", "name"), "name is to be set, and to be unset."),
            (("--unset", "nam"), "'nam' is not one of"),
            (("--retry", "often"), "--retry"),
            (("a.b",), "It is not clear what 'a.b' is."),
            (("POST", "-X", "GET"), "There are two methods, POST and GET."),
        ],
    )
    def test_change_nothing(self, words: tuple[str, ...], told: str, cli: Program, service: Service) -> None:
        job = stored(service)
        ended = cli.run("update", job.id, *words)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err
        assert service.store[job.id].version == job.version

    def test_an_id_that_is_none_is_told_first(self, cli: Program, gateway: Gateway) -> None:
        ended = cli.run("update", "https://shop.example.com", "--in", "1h")
        assert ended.code == 2
        assert "`https://shop.example.com` is not a job's id." in ended.err
        assert gateway.seen == []

    def test_a_job_that_has_ended_is_a_conflict(self, cli: Program, service: Service) -> None:
        assert cli.run("update", stored(service, Status.FAILED, due_in=-60).id, "--in", "1h").code == 6
