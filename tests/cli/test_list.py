"""`punctual list`: which jobs are shown, in which form, and what is said beside them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lambdas.jobs.job import Request, Status
from tests.cli.programs import ROOT, Program, lines
from tests.cli.stored import retried, stored
from tests.client.gateway import Gateway
from tests.handlers.recorded import Service

LONG_URL = "https://shop.example.com:8443/api/v2/a/long/path/with/many/parts/and/a/query?first=1&second=2&third=3"


class TestWhichJobs:
    def test_those_nearest_to_now_are_shown_in_the_order_of_time(self, cli: Program, service: Service) -> None:
        past = [stored(service, Status.SUCCEEDED, due_in=-100 * n) for n in range(5, 0, -1)]
        future = [stored(service, due_in=100 * n) for n in range(1, 6)]

        ended = cli.run("list", "--quiet", "--limit", "5")

        assert ended.code == 0
        assert ended.out.split() == [job.id for job in [*past[-2:], *future[:3]]]
        assert "There are earlier and later ones: --all shows all of them" in ended.err

    @pytest.mark.parametrize("where", ["past", "future"])
    def test_if_one_side_of_now_has_few_the_other_has_more(self, where: str, cli: Program, service: Service) -> None:
        sign = -1 if where == "past" else 1
        jobs = [stored(service, due_in=sign * 100 * n) for n in range(1, 6)]
        lonely = stored(service, due_in=-sign * 100)

        ended = cli.run("list", "--quiet", "--limit", "4")

        assert set(ended.out.split()) == {lonely.id, *(job.id for job in jobs[:3])}
        assert f"There are {'earlier' if where == 'past' else 'later'} ones" in ended.err

    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_an_order_begins_at_its_end(self, order: str, cli: Program, service: Service) -> None:
        ids = [stored(service, due_in=100 * n).id for n in range(-3, 4)]
        wanted = ids if order == "asc" else ids[::-1]

        ended = cli.run("list", "--quiet", "--order", order, "-n", "3")

        assert ended.out.split() == wanted[:3]
        assert f"There are {'later' if order == 'asc' else 'earlier'} ones" in ended.err
        assert cli.run("list", "--quiet", "--order", order, "-n", "7").err == ""
        assert cli.run("list", "--quiet", "--order", order, "--all").out.split() == wanted

    def test_statuses_may_be_several_and_have_names_together(self, cli: Program, service: Service) -> None:
        jobs = {status: stored(service, status, due_in=-60).id for status in Status}

        def ids(*statuses: str) -> set[str]:
            return set(cli.run("list", "--quiet", *statuses).out.split())

        assert ids("--status", "failed") == {jobs[Status.FAILED]}
        assert ids("-s", "failed,Running", "-s", "cancelled") == {
            jobs[Status.FAILED],
            jobs[Status.RUNNING],
            jobs[Status.CANCELLED],
        }
        assert ids("-s", "upcoming") == {jobs[Status.SCHEDULED], jobs[Status.RUNNING]}
        assert ids("-s", "finished,scheduled") == set(jobs.values()) - {jobs[Status.RUNNING]}

    def test_a_range_is_words_or_two_ends(self, cli: Program, service: Service) -> None:
        old = stored(service, Status.FAILED, due_in=-20 * 86_400).id
        recent = stored(service, Status.FAILED, due_in=-2 * 86_400).id
        soon = stored(service, due_in=1800).id

        assert cli.run("list", "last", "7", "days", "-q").out.split() == [recent]
        assert cli.run("list", "--when", "next 2 hours", "-q").out.split() == [soon]
        assert cli.run("list", "--from", "10 days ago", "-q").out.split() == [recent, soon]
        assert cli.run("list", "--to", "now", "-q").out.split() == [old, recent]
        assert cli.run("list", "--from", "10 days ago", "--to", "now", "--all", "-q").out.split() == [recent]

    def test_names_and_hosts_are_searched_by_the_service_patterns_here(self, cli: Program, service: Service) -> None:
        purge = stored(service, name="Purge items").id
        other = stored(service, name="nightly", request=Request("POST", "https://api.shop.example.org:8443/x")).id
        stored(service)

        by_name = cli.run("list", "--name", "Purge", "--json")
        assert [json.loads(line)["id"] for line in lines(by_name.out)] == [purge]
        assert by_name.err == ""
        for host in ("api.shop.example.org", "api.shop.example.org:8443", "*.example.org", "API.Shop.example.org"):
            assert cli.run("list", "--host", host, "-q").out.split() == [other]
        assert cli.run("list", "--host", "example.org").err == "No jobs match.\n"
        assert cli.run("list", "--host", "*.example.net").err == "No jobs match. Looked through 3 jobs.\n"

    def test_none_is_no_error(self, cli: Program) -> None:
        ended = cli.run("list")
        assert (ended.code, ended.out, ended.err) == (0, "", "There are no jobs.\n")
        assert cli.run("list", "today").err == "No jobs match.\n"

    def test_a_job_that_cannot_be_read_is_named_and_the_others_are_shown(self, cli: Program, service: Service) -> None:
        good, bad = stored(service), stored(service)
        service.store.damaged.add(bad.id)

        ended = cli.run("list", "--quiet")

        assert ended.out.split() == [good.id]
        assert bad.id in ended.err


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--status", "fialed"), "`fialed` is not a status. Did you mean `failed`?"),
            (("failed",), "Did you mean --status failed?"),
            (("todya",), 'Did you mean "today"?'),
            (("--all", "--limit", "3"), "--limit and --all do not go together."),
            (("today", "--from", "yesterday"), "Give a range in words, or --from and --to."),
            (("today", "--when", "yesterday"), "Give the range once"),
            (("--from", "now", "--to", "yesterday"), "--from must be before --to."),
            (("--limit", "0"), "--limit"),
        ],
    )
    def test_is_usage_and_says_what_would_be_right(
        self, arguments: tuple[str, ...], told: str, cli: Program, gateway: Gateway
    ) -> None:
        ended = cli.run("list", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err
        assert gateway.seen == []


class TestForms:
    def test_json_is_what_the_service_says_of_each_job(self, cli: Program, service: Service) -> None:
        job = stored(service, Status.FAILED, due_in=-60, name="Bücher\x1b[2J")
        ended = cli.run("list", "--json")
        told = json.loads(ended.out)
        assert (told["id"], told["status"], told["name"]) == (job.id, "failed", "Bücher\x1b[2J")
        assert told["attempts"][0]["status_code"] == 503
        assert "\x1b" not in ended.out

    def test_piped_it_is_a_line_for_each_with_tabs_and_nothing_shortened(self, cli: Program, service: Service) -> None:
        job = stored(service, name="a\tname\x1b[31m", request=Request("PUT", LONG_URL))
        (line,) = lines(cli.run("list").out)
        job_id, status, due, method, url, name = line.split("\t")
        assert (job_id, status, method, url) == (job.id, "scheduled", "PUT", LONG_URL)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", due)
        assert name == r"a\x09name\x1b[31m"

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
    def test_an_encoding_without_such_letters_is_no_reason_to_fail(
        self, encoding: str, cli: Program, service: Service
    ) -> None:
        job = stored(service, Status.FAILED, due_in=-60, name="日本")
        piped = cli.run("list", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        assert (piped.code, piped.out.rstrip().endswith(r"\u65e5\u672c")) == (0, True), piped
        assert "failed" in cli.run("get", job.id, PYTHONIOENCODING=encoding, PYTHONUTF8="0").out

    def test_head_may_go_away_before_the_end(self, cli: Program, service: Service) -> None:
        first, *_ = [stored(service, due_in=n).id for n in range(1, 120)]
        line = f"{sys.executable} -m punctual.cli.main list --all --json | head -n 1"
        ended = subprocess.run(
            ["bash", "-c", line], env=cli.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert json.loads(ended.stdout)["id"] == first
        assert (ended.returncode, ended.stderr) == (0, "")


class TestInATerminal:
    @pytest.mark.parametrize("columns", [60, 80, 200])
    def test_every_line_fits_and_every_id_is_whole(self, columns: int, cli: Program, service: Service) -> None:
        jobs = [
            stored(service, Status.FAILED, due_in=-7_200, name="purge items"),
            stored(service, Status.SUCCEEDED, due_in=-150, name="日本語 " * 30),
            stored(service, due_in=-10, attempts=[retried(1)], request=Request("POST", LONG_URL)),
            stored(service, Status.CANCELLED, due_in=90_000, name="\x1b[31mred\u202e"),
        ]
        with cli.before_terminal("list", columns=columns, rows=20) as terminal:
            assert terminal.finished() == 0

        shown = terminal.text
        assert terminal.raw.count(b"\n") == (8 if columns < 132 else 5)  # so none was broken by the terminal
        for job, said in zip(jobs, ("✗ failed", "✓ succeeded", "○ scheduled", "– cancelled"), strict=True):
            assert job.id in shown and said in shown
        for part in ("2 hours ago", "2 minutes ago", "in 1 day", "503", "DELETE shop.example.com", "purge items"):
            assert part in shown
        assert r"\x1b[31mred\u202e" in shown

    def test_a_long_address_keeps_its_host_and_its_end(self, cli: Program, service: Service) -> None:
        stored(service, request=Request("POST", LONG_URL))
        with cli.before_terminal("list", columns=100) as terminal:
            terminal.finished()
        assert re.search(r"POST shop\.example\.com:8443…\S+third=3$", terminal.text, re.MULTILINE)

    def test_what_waits_says_for_what(self, cli: Program, service: Service) -> None:
        now_ms = service.clock.ms
        stored(service, due_in=-10, attempts=[retried(2)], waiting_since_ms=now_ms)
        with cli.before_terminal("list") as terminal:
            terminal.finished()
        assert "waits for its target" in terminal.text

    @pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
    def test_colour_is_an_addition(self, no_color: str, coloured: bool, cli: Program, service: Service) -> None:
        stored(service, Status.FAILED, due_in=-10)
        with cli.before_terminal("list", NO_COLOR=no_color) as terminal:
            terminal.finished()
        assert ("\x1b[1;31m" in terminal.raw.decode()) is coloured
        assert "✗ failed" in terminal.text


class TestMany:
    """100,000 jobs are no other case than a hundred."""

    def test_a_screenful_takes_two_requests(self, cli: Program, service: Service, gateway: Gateway) -> None:
        for n in range(150):
            stored(service, due_in=n - 75)
        assert len(cli.run("list", "-q").out.split()) == 50
        assert len(gateway.seen) == 2

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of one program")
    def test_all_of_them_take_the_memory_of_a_page(self, cli: Program, service: Service) -> None:
        example = json.loads(_one_as_json(cli, service))
        with _endless_service(example) as url:
            few, many = (_peak_kilobytes(cli, url, count) for count in (1_000, 12_000))
        assert many < few + 4_000


def _one_as_json(cli: Program, service: Service) -> str:
    job = stored(service, Status.FAILED, due_in=-60)
    return cli.run("list", "--json", "-s", "failed").out if job else ""


@contextmanager
def _endless_service(job: dict[str, Any]) -> Iterator[str]:
    """A service whose list never ends: each page has a hundred jobs, and a cursor."""
    page = json.dumps({"jobs": [job] * 100, "next_cursor": "more"}).encode()

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _peak_kilobytes(cli: Program, url: str, count: int) -> int:
    """The most memory that the program has had, listing so many jobs as JSON to someone who reads them."""
    code = (
        "import re, sys; from pathlib import Path; from punctual.cli.main import main;"
        f"main(['list', '--json', '--order', 'asc', '-n', '{count}']);"
        # not getrusage: that counts what the process was before it became this program, a copy of the tests
        r"print(re.search(r'VmHWM:\s+(\d+) kB', Path('/proc/self/status').read_text())[1], file=sys.stderr)"
    )
    environment = {**cli.environment, "PUNCTUAL_API_URL": url}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.count("\n") == count
    return int(lines(ended.stderr)[-1])
