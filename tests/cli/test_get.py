"""`punctual get` and `punctual history`: one job, whole; its request byte for byte; and ids that are none."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lambdas.jobs.job import AttemptOutcome, Body, Request, Status
from tests.cli.programs import ROOT, Program, lines
from tests.cli.stored import retried, set_clock, stored
from tests.client.gateway import Gateway
from tests.examples import an_attempt
from tests.handlers.recorded import Service

NO_JOB = "job_" + 32 * "0"
BODY = '{"a":[1,null],"ü":1.0,"text":"x y"}'
SECRETS = (("X-Trace", "7"), ("Authorization", "Bearer s3cret"))


class TestGet:
    def test_tells_all_of_a_job_in_a_terminal(self, cli: Program, service: Service) -> None:
        attempts = [
            retried(1, status_code=None, lateness_ms=3_723_000, duration_ms=61_000),
            an_attempt(2, AttemptOutcome.FAILED, lateness_ms=2, response_excerpt="no \x1b[2Jway\r\nat all"),
        ]
        job = stored(
            service,
            Status.FAILED,
            due_in=-7_200,
            name="purge items",
            timezone="America/New_York",
            request=Request("PUT", "https://shop.example.com/items", headers=SECRETS, body=Body(BODY.encode(), "json")),
            attempts=attempts,
        )
        with cli.before_terminal("get", job.id, columns=100, rows=70) as terminal:
            assert terminal.finished() == 0

        shown = terminal.text
        assert lines(shown)[:2] == [job.id, "purge items"]
        for said in (
            "✗ failed at attempt 2: The target answered 503, and it was sorry.",
            "PUT https://shop.example.com/items",
            "X-Trace: 7",
            "Authorization: [redacted]",
            '"text": "x y"',
            "5 at most, 10 to 3,600 seconds between",
            "Attempts: 2 of at most 5",
            "1 h 2 min",
            "1 min 1 s",
            r"│ no \x1b[2Jway",
            "│ at all",
        ):
            assert said in shown
        unwrapped = " ".join(shown.split())
        assert "America/New_York, 2 hours ago, " in unwrapped and "Europe/Berlin, 2 hours ago, " in unwrapped
        assert "s3cret" not in terminal.raw.decode()

    def test_sentences_are_wrapped_and_what_is_copied_is_not(self, cli: Program, service: Service) -> None:
        url = "https://shop.example.com/" + 60 * "x"
        job = stored(service, Status.FAILED, due_in=-60, request=Request("GET", url))
        with cli.before_terminal("get", job.id, columns=60, rows=50) as terminal:
            terminal.finished()
        assert f"Request     GET {url}" in terminal.text.replace("\n", "")
        assert "            answered 503, and it was sorry." in terminal.text.splitlines()

    def test_is_told_whole_when_piped(self, cli: Program, service: Service) -> None:
        job = stored(service, name="purge\x1b[2J")
        ended = cli.run("get", job.id)
        assert lines(ended.out)[:2] == [job.id, r"purge\x1b[2J"]
        assert "\x1b" not in ended.out
        assert json.loads(cli.run("get", job.id, "--json").out)["request"]["url"] == job.request.url
        assert cli.run("get", job.id, "-q").out == job.id + "\n"

    @pytest.mark.parametrize(
        ("body", "content"),
        [
            (Body(BODY.encode(), "json"), BODY.encode()),
            (Body(b"text\r\n\x1b", "text"), b"text\r\n\x1b"),
            (Body(b"\x00\xff\n", "base64"), b"\x00\xff\n"),
            (None, b""),
        ],
    )
    def test_gives_the_body_out_byte_for_byte(
        self, body: Body | None, content: bytes, cli: Program, service: Service
    ) -> None:
        job = stored(service, request=Request("POST", "https://shop.example.com/x", headers=SECRETS, body=body))
        assert _bytes_of(cli, "get", job.id, "--body") == content
        head = b"POST https://shop.example.com/x\nX-Trace: 7\nAuthorization: [redacted]\n\n"
        assert _bytes_of(cli, "get", job.id, "--request") == head + content

    def test_keeps_bytes_away_from_a_terminal(self, cli: Program, service: Service) -> None:
        binary = stored(service, request=Request("POST", "https://a.example.com/", body=Body(b"\x00\xff", "base64")))
        text = stored(service, request=Request("POST", "https://a.example.com/", body=Body(b"a\x1b[2Jb", "text")))
        with cli.before_terminal("get", binary.id, "--body") as terminal:
            assert terminal.finished() == 2
            assert "These 2 bytes are no text." in terminal.text
        with cli.before_terminal("get", text.id, "--body") as terminal:
            assert terminal.finished() == 0
            assert terminal.text == r"a\x1b[2Jb"

    def test_a_job_that_is_not_there_is_not_found(self, cli: Program) -> None:
        ended = cli.run("get", NO_JOB)
        assert (ended.code, ended.out) == (5, "")


class TestIds:
    def test_a_part_of_one_is_answered_with_those_that_have_it(self, cli: Program, service: Service) -> None:
        job = stored(service, Status.FAILED, due_in=-60)
        for part in (job.id[:16], job.id[-8:], job.id[:-1], f"…{job.id[-6:]}"):
            ended = cli.run("get", part)
            assert ended.code == 2
            assert f"Did you mean {job.id}?" in ended.err

    @pytest.mark.parametrize("written", ["{hex}", "JOB_{HEX}", "https://x/v1/jobs/job_{hex}", "{uuid}", "'job_{hex}',"])
    def test_one_in_another_spelling_is_told_in_its_own(self, written: str, cli: Program, gateway: Gateway) -> None:
        digits = "019ab3c2f4d07c3e9a51b60c2f7d8e90"
        uuid = "019ab3c2-f4d0-7c3e-9a51-b60c2f7d8e90"
        ended = cli.run("get", written.format(hex=digits, HEX=digits.upper(), uuid=uuid))
        assert ended.code == 2
        assert f"Did you mean job_{digits}?" in ended.err
        assert gateway.seen == []

    def test_what_is_like_none_is_told_what_one_looks_like(self, cli: Program, gateway: Gateway) -> None:
        ended = cli.run("get", "purge\x1b")
        assert ended.code == 2
        assert ended.err.splitlines() == [
            r"Error: `purge\x1b` is not a job's id.",
            "An id is `job_` and 32 hexadecimal digits; `punctual list` shows them.",
        ]
        assert gateway.seen == []

    def test_the_mistake_is_told_also_when_nobody_can_be_asked(self, stranger: Program) -> None:
        ended = stranger.run("get", "job_019ab3")
        assert ended.code == 2
        assert "is not a job's id" in ended.err


class TestHistory:
    def test_shows_each_attempt(self, cli: Program, service: Service) -> None:
        now_ms = set_clock(service)
        attempts = [retried(number, started_at_ms=now_ms - 60_000 * (12 - number)) for number in range(3, 13)]
        job = stored(service, due_in=-7_200, attempts=attempts)
        with cli.before_terminal("history", job.id, columns=100, rows=50) as terminal:
            assert terminal.finished() == 0
        assert "Attempts: 12, the last 10 of them" in terminal.text
        assert [int(line.split()[0]) for line in terminal.text.splitlines() if "↻ retry" in line] == [*range(3, 13)]
        assert terminal.text.count("The target answered 503, and it was sorry. (status_retryable)") == 10

    def test_piped_it_is_a_line_for_each(self, cli: Program, service: Service) -> None:
        job = stored(service, Status.FAILED, due_in=-60)
        (line,) = lines(cli.run("history", job.id).out)
        number, _began, outcome, status, late, took, code, message, excerpt = line.split("\t")
        assert (number, outcome, status, late, took) == ("1", "failed", "503", "1", "130")
        assert (code, message) == ("status_retryable", "The target answered 503, and it was sorry.")
        assert excerpt == "sorry \ufffd\\x0a"
        (told,) = lines(cli.run("history", job.id, "--json").out)
        assert json.loads(told)["error"]["code"] == "status_retryable"

    def test_a_job_without_attempts_says_so(self, cli: Program, service: Service) -> None:
        ended = cli.run("history", stored(service).id)
        assert (ended.code, ended.out, ended.err) == (0, "", "There was no attempt yet: the job is scheduled.\n")


def _bytes_of(cli: Program, *arguments: str) -> bytes:
    line = [sys.executable, "-m", "punctual.cli.main", *arguments]
    return subprocess.run(line, env=cli.environment, cwd=ROOT, capture_output=True, check=True).stdout
