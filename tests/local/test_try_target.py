"""The target of `make run`."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from local.try_target import SLOW_SECONDS, answer_to, arrival_line, serving


@pytest.mark.parametrize(
    ("path", "status", "wait_seconds"),
    [
        ("/ok", 200, 0),
        ("/api/items/_delete?all=1", 200, 0),
        ("/status/503", 503, 0),
        ("/status/204", 204, 0),
        ("/status/99", 400, 0),
        ("/status/600", 400, 0),
        ("/slow", 200, SLOW_SECONDS),
    ],
)
def test_the_path_says_what_to_answer(path: str, status: int, wait_seconds: float) -> None:
    """So that each outcome of a job can be tried."""
    assert (answer_to(path)[0], answer_to(path)[2]) == (status, wait_seconds)


def test_a_first_attempt_is_shown_with_its_lateness() -> None:
    """One second and 42 ms after the epoch, for a job due at one second."""
    line = arrival_line("DELETE", "/ok", "1970-01-01T00:00:01.000Z", "1", 1042)
    assert line == "target got DELETE /ok  42 ms after its due time"


@pytest.mark.parametrize(("due_at", "attempt"), [("1970-01-01T00:00:01.000Z", "2"), (None, None)])
def test_what_is_no_first_attempt_has_no_lateness(due_at: str | None, attempt: str | None) -> None:
    """A later attempt has a time of its own, and someone else's request has none."""
    assert arrival_line("GET", "/ok", due_at, attempt, 1042) == "target got GET /ok"


def test_it_answers_over_http_and_says_what_came() -> None:
    """The whole of it, on a free port."""
    said: list[str] = []
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with serving(0, said.append) as url:
        with direct.open(f"{url}/ok", data=b"{}", timeout=5) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError, match="503"):
            direct.open(f"{url}/status/503", timeout=5)
    assert said == ["target got POST /ok", "target got GET /status/503"]
