"""`punctual watch`: drawn in a terminal, a line for each change elsewhere; gentle; and the terminal is given back."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lambdas.jobs.job import Job, Status
from punctual.cli.watching import Watch
from punctual.client import Client
from tests.cli.programs import PATIENCE_SECONDS, PROGRAM, Program, Terminal, lines
from tests.cli.stored import retried, set_clock, stored
from tests.client.gateway import Canned, Gateway
from tests.examples import an_attempt
from tests.handlers.recorded import Service

SCREEN, NO_SCREEN, CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"


class TestDrawn:
    def test_what_has_ended_what_runs_and_what_is_to_come(self, cli: Program, service: Service) -> None:
        ended = stored(service, Status.FAILED, due_in=-7_200, name="purge items\x1b[2J")
        stored(service, Status.RUNNING, due_in=-1)
        soon = stored(service, due_in=64)
        stored(service, due_in=3 * 86_400 + 330)
        with _watching(cli, columns=140) as terminal:
            terminal.wait_for("To come: 3")
            past, _, to_come = terminal.text.partition("To come: 3")
            assert "✗ failed     2 hours ago       503  DELETE shop.example.com" in past
            assert r"purge items\x1b[2J" in past and ended.id in past
            rows = to_come.strip().splitlines()
            assert rows[0].startswith("▶ running    now")
            assert rows[1].startswith("○ scheduled  0") and soon.id in rows[1]
            assert rows[2].startswith("○ scheduled  3 days 00:05:")
            terminal.wait_for("○ scheduled  00:5")  # it counts down by itself

    def test_a_job_that_ends_moves_to_those_that_have(self, cli: Program, service: Service) -> None:
        job = stored(service, Status.RUNNING, due_in=-1)
        with _watching(cli) as terminal:
            terminal.wait_for("▶ running")
            _end(service, job, Status.SUCCEEDED)
            terminal.wait_for("✓ succeeded")
            terminal.wait_for("Nothing is to come.")

    def test_keys_move_and_end_it(self, cli: Program, service: Service) -> None:
        for n in range(1, 41):
            stored(service, due_in=600 * n, name=f"number {n}.")
        with _watching(cli, columns=100, rows=15) as terminal:
            terminal.wait_for("number 1.")
            terminal.type("\x1b[B\x1b[B")
            terminal.wait_for(lambda text: "number 3." in text and "number 1." not in text)
            terminal.type("k")
            terminal.wait_for("number 2.")
            assert not terminal.echoes
            terminal.type("q")
            assert terminal.finished() == 0
            _assert_given_back(terminal)

    def test_follows_the_size_of_the_window(self, cli: Program, service: Service) -> None:
        jobs = [stored(service, due_in=600 * n) for n in range(1, 41)]
        with _watching(cli, columns=60, rows=10) as terminal:
            terminal.wait_for("To come: 40")
            assert jobs[0].id not in terminal.text
            terminal.resize(columns=150, rows=30)
            terminal.wait_for(jobs[20].id)

    def test_no_line_is_wider_than_the_window(self, cli: Program, service: Service) -> None:
        stored(service, Status.FAILED, due_in=-60, name="日本語 " * 40)
        stored(service, due_in=100 * 86_400, name="x" * 190)
        with _watching(cli, columns=60, rows=10) as terminal:
            terminal.wait_for("To come: 1")
            assert [line for line in terminal.text.splitlines() if "shop.example.com" in line][1].startswith("○")
            assert len(lines(terminal.text)) == 5

    def test_ctrl_c_gives_the_terminal_back(self, cli: Program, service: Service) -> None:
        stored(service)
        with _watching(cli) as terminal:
            terminal.wait_for("To come: 1")
            terminal.type("\x03")
            assert terminal.finished() == 130
            _assert_given_back(terminal)
            assert b"Traceback" not in terminal.raw

    def test_so_does_being_told_to_end(self, cli: Program, service: Service) -> None:
        stored(service)
        with _watching(cli) as terminal:
            terminal.wait_for("To come: 1")
            terminal.process.terminate()
            assert terminal.finished() == 128 + signal.SIGTERM
            _assert_given_back(terminal)

    def test_so_does_an_error_which_is_told_then(self, cli: Program) -> None:
        with cli.before_terminal("watch", PUNCTUAL_TOKEN="another") as terminal:
            assert terminal.finished() == 3
            _assert_given_back(terminal)
            assert b"Error: Unauthorized" in terminal.raw.partition(NO_SCREEN)[2]

    def test_trouble_that_passes_is_told_and_waited_out(self, cli: Program, service: Service, gateway: Gateway) -> None:
        stored(service, Status.RUNNING, due_in=-1)
        with _watching(cli, columns=120) as terminal:
            terminal.wait_for("To come: 1")
            gateway.troubles += [Canned(503, b'{"message":"Service Unavailable"}')] * 5
            terminal.wait_for("Error: Service Unavailable, what is shown is from ")
            terminal.type("r")
            terminal.wait_for("q ends")


class TestTold:
    def test_a_line_for_each_change(self, cli: Program, service: Service) -> None:
        running = stored(service, Status.RUNNING, due_in=-1, name="a\tb\x1b")
        with lines_of(cli) as told:
            assert next(told) == "Watching. Ctrl-C ends it.\n"
            _end(service, running, Status.FAILED)
            at, change, job_id, result, method, url, name = next(told).rstrip("\n").split("\t")
            assert (change, job_id, result, method, url) == (
                "failed",
                running.id,
                "503",
                "DELETE",
                running.request.url,
            )
            assert name == r"a\x09b\x1b"
            assert at.endswith("Z")

    def test_json_has_the_job_too_and_quiet_its_id_alone(
        self, cli: Program, service: Service, gateway: Gateway
    ) -> None:
        for option in ("--json", "--quiet"):
            job = stored(service, Status.RUNNING, due_in=-1)
            with lines_of(cli, option) as told:
                if option == "--json":
                    assert next(told) == "Watching. Ctrl-C ends it.\n"
                else:
                    _let_it_look(gateway)
                _end(service, job, Status.SUCCEEDED)
                line = next(told)
                if option == "--json":
                    change = json.loads(line)
                    assert (change["change"], change["job"]["id"]) == ("succeeded", job.id)
                    assert set(change) == {"at", "change", "job"}
                else:
                    assert line == job.id + "\n"

    def test_a_reader_that_goes_away_ends_it_at_the_next_change(self, cli: Program, service: Service) -> None:
        jobs = [stored(service, Status.RUNNING, due_in=-1) for _ in range(2)]
        command = f"{' '.join(PROGRAM)} watch --color | head -n 1"
        with subprocess.Popen(
            ["bash", "-o", "pipefail", "-c", command],
            env=cli.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as piped:
            assert piped.stdout is not None and piped.stderr is not None
            assert piped.stderr.readline() == b"Watching. Ctrl-C ends it.\n"
            _end(service, jobs[0], Status.SUCCEEDED)
            assert piped.stdout.readline().split(b"\t")[1:3] == [b"succeeded", jobs[0].id.encode()]
            _end(service, jobs[1], Status.SUCCEEDED)
            assert (piped.wait(60), piped.stderr.read()) == (141, b"")

    def test_it_ends_when_its_reader_goes_and_not_with_the_next_change(self, cli: Program) -> None:
        """As of `punctual watch | head -1`, where the next change may be days away."""
        with subprocess.Popen(
            [*PROGRAM, "watch"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=cli.environment,
            cwd=cli.folder,
        ) as piped:
            assert piped.stdout is not None and piped.stderr is not None
            assert piped.stderr.readline() == b"Watching. Ctrl-C ends it.\n"
            piped.stdout.close()
            try:
                assert (piped.wait(15), piped.stderr.read()) == (141, b"")  # it looks again after 20 seconds
            finally:
                piped.kill()

    def test_who_cannot_be_reached_from_the_start_is_told(self, stranger: Program) -> None:
        where = {"PUNCTUAL_API_URL": "http://127.0.0.1:9", "PUNCTUAL_TOKEN": "t"}
        assert stranger.run("watch", **where).code == 7


class TestWatch:
    """What is seen, without the program around it."""

    @pytest.fixture
    def watch(self, client: Client) -> Watch:
        return Watch(client, lambda: datetime.now(UTC))

    def test_nothing_is_news_at_first_and_then_only_what_is(self, watch: Watch, service: Service) -> None:
        first = stored(service, due_in=60)
        assert watch.look()[1] == []
        assert watch.look()[1] == []
        second = stored(service, due_in=600)
        service.store.put(replace(first, status=Status.RUNNING, version=2))
        assert {(change.word, change.job.id) for change in watch.look()[1]} == {
            ("running", first.id),
            ("scheduled", second.id),
        }

    @pytest.mark.parametrize(
        ("word", "changes"),
        [
            ("retry", {"attempts": (retried(1),), "attempt_count": 1}),
            ("waiting", {"waiting_since_ms": 1_790_000_000_000}),
            ("moved", {"due_at_ms": 4_000_000_000_000, "fire_at_ms": 4_000_000_000_000}),
            ("changed", {"name": "another"}),
        ],
    )
    def test_a_change_has_a_word(self, word: str, changes: dict[str, object], watch: Watch, service: Service) -> None:
        job = stored(service, due_in=60)
        watch.look()
        service.store.put(replace(job, version=job.version + 1, **changes))  # type: ignore[arg-type]
        assert [change.word for change in watch.look()[1]] == [word]

    def test_one_that_is_cancelled_long_before_its_time_is_seen_too(self, watch: Watch, service: Service) -> None:
        job = stored(service, due_in=86_400)
        watch.look()
        _end(service, job, Status.CANCELLED)
        view, changes = watch.look()
        assert [(change.word, change.job.id) for change in changes] == [("cancelled", job.id)]
        assert [seen.id for seen in view.ended] == [job.id]
        assert watch.look()[1] == []

    def test_a_look_takes_the_same_requests_however_many_jobs_there_are(
        self, watch: Watch, service: Service, gateway: Gateway
    ) -> None:
        jobs = [stored(service, due_in=60 * n) for n in range(1, 301)]
        watch.look()
        assert len(gateway.seen) == 2
        for job in jobs[:150]:
            _end(service, job, Status.CANCELLED)
        _, changes = watch.look()
        assert len(gateway.seen) == 4 + 10
        assert len(changes) >= 10

    def test_others_that_come_nearer_are_no_news(self, watch: Watch, service: Service) -> None:
        jobs = [stored(service, due_in=60 * n) for n in range(1, 121)]
        watch.look()
        _end(service, jobs[0], Status.CANCELLED)
        assert [change.job.id for change in watch.look()[1]] == [jobs[0].id]

    @pytest.mark.parametrize(
        ("due_in", "seconds"),
        [(None, 20), (3600, 20), (10, 10.5), (0.2, 1.5), (-30, 1.5), (-3600, 20)],
    )
    def test_it_looks_seldom_unless_something_is_near(
        self, due_in: float | None, seconds: float, watch: Watch, service: Service
    ) -> None:
        if due_in is not None:
            stored(service, due_in=due_in)
        view, _ = watch.look()
        assert view.pause(view.at) == pytest.approx(timedelta(seconds=seconds), abs=timedelta(seconds=0.5))


@contextlib.contextmanager
def _watching(cli: Program, *, columns: int = 100, rows: int = 20) -> Iterator[Terminal]:
    with cli.before_terminal("watch", columns=columns, rows=rows) as terminal:
        yield terminal


def _assert_given_back(terminal: Terminal) -> None:
    assert terminal.raw.rfind(NO_SCREEN) > terminal.raw.rfind(SCREEN) >= 0
    assert terminal.raw.rfind(CURSOR) > terminal.raw.rfind(b"\x1b[?25l")
    assert terminal.echoes


@contextlib.contextmanager
def lines_of(cli: Program, *arguments: str) -> Iterator[Iterator[str]]:
    """The lines that it writes, to stdout and stderr, as they come. At the end it is interrupted."""
    process = subprocess.Popen(
        [*PROGRAM, "watch", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=cli.environment,
        cwd=cli.folder,
    )
    assert process.stdout is not None
    try:
        yield _read(process.stdout.fileno())
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert (process.wait(60), rest.strip()) == (130, b"")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _read(descriptor: int) -> Iterator[str]:
    """Lines, each within a minute."""
    unread = b""
    while select.select([descriptor], [], [], PATIENCE_SECONDS)[0]:
        data = os.read(descriptor, 65_536)
        if not data:
            raise AssertionError(f"it has ended, and its last words were {unread!r}")
        *whole, unread = (unread + data).split(b"\n")
        yield from (line.decode() + "\n" for line in whole)
    raise AssertionError("no line came")


def _let_it_look(gateway: Gateway) -> None:
    """Wait until it has begun to look again: a look is two requests, and what changes within the first is no news."""
    begun = len(gateway.seen)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(gateway.seen) < begun + 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _end(service: Service, job: Job, status: Status) -> None:
    now_ms = set_clock(service)
    ended = replace(job, status=status, version=job.version + 1, finished_at_ms=now_ms, updated_at_ms=now_ms)
    if status is Status.FAILED:
        ended = replace(ended, attempts=(replace(retried(1), number=1),), attempt_count=1)
    elif status is Status.SUCCEEDED:
        ended = replace(ended, attempts=(an_attempt(1),), attempt_count=1)
    service.store.put(replace(ended, expires_at_ms=now_ms + 86_400_000))
