"""`punctual schedule`, piped, before the functions."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from punctual import Client, Job
from tests.cli.programs import ROOT, Program, lines
from tests.client import gateway as gateways

URL = "https://shop.example.com/api/items"


def job_of(cli: Program, *words: str, stdin: str = "") -> dict[str, Any]:
    """The job that the command makes, as the service has it."""
    ended = cli.run("schedule", "--json", *words, stdin=stdin)
    assert ended.code == 0, ended.err
    job: dict[str, Any] = json.loads(ended.out)
    return job


def jobs(gateway: gateways.Gateway) -> list[Job]:
    """What the service has."""
    with Client(gateway.url, gateways.TOKEN) as client:
        return list(client.jobs())


class TestAJob:
    def test_is_told_before_and_after(self, cli: Program) -> None:
        """What was understood to stderr, what the service confirmed to stdout; in full, both."""
        ended = cli.run("schedule", "DELETE", URL, "--in", "10m", "--timezone", "America/New_York", "--name", "purge")
        assert ended.code == 0
        assert lines(ended.err)[0] == f"DELETE {URL}"
        assert re.fullmatch(
            r"  \w+ \d+ \w+ 20\d\d, [\d:.]+ America/New_York, in 10 minutes, .*UTC.*", lines(ended.err)[1]
        )
        first, request, when = lines(ended.out)
        assert re.fullmatch(r"Scheduled job_[0-9a-f]{32} \(purge\)", first)
        assert request == f"  DELETE {URL}"
        assert re.fullmatch(r"  \w+ \d+ \w+ 20\d\d, [\d:.]+ America/New_York, .*", when)

    def test_is_an_id_for_scripts_that_ask_for_one(self, cli: Program) -> None:
        ended = cli.run("schedule", URL, "--in", "10m", "--quiet")
        assert (ended.code, ended.err) == (0, "")
        assert re.fullmatch(r"job_[0-9a-f]{32}\n", ended.out)

    def test_has_all_that_was_written(self, cli: Program) -> None:
        job = job_of(
            *(cli, "put", URL, "--at", "2099-12-24T18:00", "--timezone", "Europe/Berlin", "-H", "Accept: text/csv"),
            *("--retry", "attempts=3,min=20s,max=1h", "--timeout", "5", "--expect", "200,204", "--expect", "body~done"),
            *("--notify", "failed,succeeded", "--name", "n", "--json", "name=Ann", "age:=42"),
        )
        assert job["request"] == {
            "method": "PUT",
            "url": URL,
            "headers": {"Accept": "text/csv"},
            "body": {"name": "Ann", "age": 42},
        }
        assert (job["due_at_local"], job["timezone"]) == ("2099-12-24T18:00:00.000+01:00", "Europe/Berlin")
        assert job["retry"] == {"max_attempts": 3, "min_backoff_seconds": 20, "max_backoff_seconds": 3600}
        assert job["timeout_seconds"] == 5
        assert job["expect"] == {"status": [200, 204], "body_contains": "done"}
        assert job["notify"]["on"] == ["failed", "succeeded"]
        assert job["name"] == "n"

    def test_is_in_the_zone_of_the_machine(self, cli: Program) -> None:
        assert job_of(cli, URL, "--at", "2099-06-01 12:00")["due_at"] == "2099-06-01T10:00:00.000Z"

    @pytest.mark.parametrize(
        ("stdin", "body"), [("grüße\n", {"body": "grüße\n"}), ('{"a":1}', {"body": '{"a":1}'}), ("", {"body": ""})]
    )
    def test_takes_its_body_from_stdin(self, cli: Program, stdin: str, body: dict[str, Any]) -> None:
        request = job_of(cli, URL, "--in", "1h", "-d", "-", stdin=stdin)["request"]
        assert {name: request[name] for name in body} == body
        assert request["method"] == "POST"

    def test_takes_its_body_from_who_types_it(self, cli: Program, gateway: gateways.Gateway) -> None:
        with cli.before_terminal("schedule", URL, "--in", "1h", "-d", "-") as terminal:
            terminal.wait_for("Ctrl-D")
            terminal.type("hello\r\x04")
            assert terminal.finished() == 0
        with Client(gateway.url, gateways.TOKEN) as client:
            (job,) = client.jobs()
            assert client.job(job.id).request.body == "hello\n"

    def test_keeps_bytes_that_are_no_text(self, cli: Program) -> None:
        (cli.folder / "photo").write_bytes(b"\xff\xd8\x00")
        request = job_of(cli, URL, "--in", "1h", "-d", "@photo")["request"]
        assert request["body_base64"] == "/9gA"

    def test_shows_no_secret_again(self, cli: Program) -> None:
        ended = cli.run(
            *(
                "schedule",
                URL,
                "--in",
                "1h",
                "-H",
                "Authorization: Bearer s3cret-1",
                "--secret-header",
                "X-Pin: s3cret-2",
            ),
            *("-d", "pin=s3cret-3", "--json"),
        )
        assert json.loads(ended.out)["request"]["headers"] == {
            "Authorization": "[redacted]",
            "X-Pin": "[redacted]",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        assert "s3cret" not in ended.err

    def test_is_made_once_though_the_answer_is_lost(self, cli: Program, gateway: gateways.Gateway) -> None:
        """The client sends again by itself, with one key."""
        gateway.troubles.append(gateways.Lost())
        assert cli.run("schedule", URL, "--in", "1h").code == 0
        keys = {headers["idempotency-key"] for method, path, headers in gateway.seen if path == "/v1/jobs"}
        assert len(gateway.seen) == 2 and len(keys) == 1
        assert len(jobs(gateway)) == 1

    @pytest.mark.parametrize(("key", "why"), [("", "is empty"), ("a\nb", "not printable")])
    def test_a_key_that_would_not_count_or_cannot_be_sent_is_refused(
        self, cli: Program, gateway: gateways.Gateway, key: str, why: str
    ) -> None:
        """As by a variable that was not set, which would make doubles."""
        ended = cli.run("schedule", URL, "--in", "1h", "--idempotency-key", key)
        assert (ended.code, why in ended.err, gateway.seen) == (2, True, [])

    def test_is_made_once_by_two_commands_with_one_key(self, cli: Program, gateway: gateways.Gateway) -> None:
        once = ("schedule", URL, "--in", "1h", "--quiet", "--idempotency-key", "sale-7")
        first = cli.run(*once).out
        assert cli.run(*once).out == first
        other = cli.run(*once, "--name", "other")
        assert other.code == 4
        assert "--idempotency-key" in other.err
        with Client(gateway.url, gateways.TOKEN) as client:
            client.cancel(first.strip())
        assert cli.run(*once[:-3], *once[-2:]).out.startswith(f"Scheduled before, and cancelled now: {first.strip()}")


class TestACurlCommand:
    def test_is_scheduled_and_what_is_ignored_is_told(self, cli: Program) -> None:
        ended = cli.run(
            *(
                "schedule",
                "--in",
                "10m",
                "--json",
                "--",
                "curl",
                "-sSXPUT",
                URL,
                "-H",
                "Accept: a/b",
                "-d",
                "a=1",
                "-L",
            ),
            *("-u", "ann:s3cret", "--retry", "2"),
        )
        assert ended.code == 0, ended.err
        job = json.loads(ended.out)
        assert job["request"]["method"] == "PUT"
        assert job["request"]["body"] == "a=1"
        assert job["request"]["headers"]["Authorization"] == "[redacted]"
        assert job["retry"]["max_attempts"] == 3
        assert "Note: curl's -L: ignored, because redirects are not followed" in ended.err
        assert "s3cret" not in ended.err

    def test_that_asks_for_too_much_is_refused(self, cli: Program, gateway: gateways.Gateway) -> None:
        ended = cli.run("schedule", "--in", "10m", "--", "curl", "-k", URL)
        assert (ended.code, ended.out) == (2, "")
        assert "curl's -k cannot be scheduled" in ended.err
        assert gateway.seen == []


def test_the_three_ways_of_the_manual_ask_for_the_same(cli: Program) -> None:
    text = (ROOT / "docs" / "cli.md").read_text().partition("These three ask for the same:")[2]
    commands = text.split("```")[1].splitlines()[1:]
    requests = [job_of(cli, *shlex.split(command)[2:])["request"] for command in commands]
    assert len(requests) == 3
    for request in requests:
        body = request["body"]
        assert (json.loads(body) if isinstance(body, str) else body) == {"name": "Ann", "age": 42}
        assert request["headers"]["X-Trace"] == "a1"
    assert {(request["method"], request["url"]) for request in requests} == {("PUT", "https://example.com/users/7")}


class TestMistakes:
    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (["GET", URL], 2, "It is not said when"),
            ([URL, "--in", "5m", "--at", "tomorrow 9:00"], 2, "--at or --in, not both"),
            (["--in", "5m"], 2, "There is no URL"),
            ([URL, "--in", "soon"], 2, '"soon" is no amount of time'),
            ([URL, "--at", "31 November"], 4, "November"),
            ([URL, "--at", "2099-01-01", "--timezone", "Mars/Base"], 2, "Mars/Base"),
            ([URL, "--in", "5m", "--retry", "often"], 2, "--retry: 'often' is not understood"),
            ([URL, "--in", "5m", "--retry", "attempts=x"], 2, "--retry: 'x' is no number"),
            ([URL, "--in", "5m", "--timeout", "long"], 2, "--timeout"),
            ([URL, "--in", "5m", "--expect", "good"], 2, "--expect: 'good' is not understood"),
            ([URL, "--in", "5m", "--notify", "always"], 2, "--notify: 'always' is not understood"),
            ([URL, "--in", "5m", "--dry-run", "--wait"], 2, "nothing to --wait for"),
            ([URL, "--in", "5m", "--field", "x"], 2, "--field: 'x' is none"),
            ([URL, "--in", "5m", "--expct", "2xx"], 2, "'--expect'"),
        ],
    )
    def test_are_told_before_anything_is_sent(
        self, words: list[str], code: int, told: str, cli: Program, gateway: gateways.Gateway
    ) -> None:
        ended = cli.run("schedule", *words)
        assert (ended.code, ended.out) == (code, "")
        assert told in ended.err
        assert gateway.seen == []

    @pytest.mark.parametrize(
        ("words", "option", "code"),
        [
            (["http://127.0.0.1/"], "URL", "url_address_denied"),
            (["shop.example.com/x"], "URL", "url_scheme"),
            (["FETCH", URL], "METHOD", "method"),
            ([URL, "-H", "Bad Name: x"], "--header", "header_name"),
            ([URL, "-H", "Host: x"], "--header", "header_denied"),
            ([URL, "X-A:ü€"], "--header", "header_value"),
            ([URL, "--secret-header", "bad name"], "--secret-header", "header_name"),
            (["HEAD", URL, "-d", "x"], "--data", "body_not_allowed"),
            ([URL, "--retry", "99"], "--retry attempts", "range"),
            ([URL, "--retry", "min=0"], "--retry min", "range"),
            ([URL, "--retry", "min=20,max=10"], "--retry min", "range"),
            ([URL, "--retry", "max=1.5s"], "--retry max", "type"),
            ([URL, "--timeout", "5m"], "--timeout", "range"),
            ([URL, "--expect", "999"], "--expect status", "expect_status"),
            ([URL, "--expect", f"body~{'x' * 17_000}"], "--expect body~", "range"),
            ([URL, "--expect", "header:a=b"], "--expect header", "unknown_field"),
            ([URL, "--notify", "stranger@example.com"], "--notify email", "email_unconfirmed"),
            ([URL, "--name", "x" * 201], "--name", "range"),
            ([URL, "--idempotency-key", "a,b"], "--idempotency-key", "idempotency_key_invalid"),
        ],
    )
    def test_that_the_service_finds_are_told_beside_the_option(
        self, words: list[str], option: str, code: str, cli: Program
    ) -> None:
        ended = cli.run("schedule", *words, "--in", "5m")
        assert (ended.code, ended.out) == (4, "")
        told = [line for line in lines(ended.err) if line.endswith(f"({code})")]
        assert len(told) == 1  # once, not in a sentence and beside the option
        assert told[0].removeprefix("Error: ").strip().startswith(f"{option}: ")

    def test_are_told_all_at_once(self, cli: Program) -> None:
        ended = cli.run("schedule", "FETCH", "ftp://x.example/", "--in", "5m", "--timeout", "99", "--retry", "99")
        assert {line.split(":")[0].strip() for line in lines(ended.err) if line.endswith(")")} == {
            *("URL", "METHOD", "--timeout", "--retry attempts"),
        }

    def test_in_a_header_do_not_show_its_value(self, cli: Program) -> None:
        assert "s3cret" not in cli.run("schedule", URL, "--in", "5m", "-H", "s3cret").err


class TestADryRun:
    def test_lists_every_criterion_and_makes_nothing(self, cli: Program, gateway: gateways.Gateway) -> None:
        ended = cli.run("schedule", URL, "--in", "5m", "--dry-run")
        assert ended.code == 0, ended.err
        assert {line[0] for line in lines(ended.out)} == {"✓"}
        assert "✓ The URL begins with http:// or https://." in ended.out
        assert "Nothing is scheduled" in ended.err
        assert jobs(gateway) == []

    def test_has_a_cross_with_the_reason_and_the_option(self, cli: Program) -> None:
        ended = cli.run("schedule", "http://127.0.0.1/", "--in", "5m", "--timeout", "99", "--dry-run")
        assert ended.code == 4
        found = dict(zip(lines(ended.out), lines(ended.out)[1:], strict=False))
        assert found["✗ An address in the URL is public."].startswith("    URL: ")
        assert [line for line in found.values() if line.startswith("    --timeout: ")]
        assert "It would be refused: 5 of 40 criteria" in ended.err

    def test_is_the_api_s_own_answer_in_json(self, cli: Program) -> None:
        ended = cli.run("schedule", "ftp://x.example/", "--in", "5m", "--dry-run", "--json")
        assert ended.code == 4
        answer = json.loads(ended.out)
        assert answer["valid"] is False
        assert "url.scheme" in [one["name"] for one in answer["criteria"] if one["passed"] is False]
