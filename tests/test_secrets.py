"""T7: a word of its own in every field that users and targets write, and where each of them may come out.

The whole service on fakes; `tests/live/test_secrets.py` does the same with the deployed stack. Every place is searched
in which a word is not allowed by `tests/canaries.py`, in every way that a job can go.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas import wiring
from lambdas.adapters.messages import letter_body, message_body
from lambdas.handlers import api
from lambdas.jobs.errors import StoreUnavailable
from lambdas.jobs.ports import DeadLetter, Message
from tests.canaries import ALLOWED, CANARIES, TOLD_TO_THE_ONE_WHO_WROTE_IT, canary, document, forms
from tests.fakes import FakeSender, Script
from tests.handlers.recorded import Service, http_event
from tests.world import World, dies

OWNER, STRANGER = "ada", "eve"

DOCUMENT = document("https://example.com")
CALLER = {
    "authorization": f"Bearer {canary('token')}",
    "user-agent": canary("user-agent"),
    "cookie": canary("cookie-of-caller"),
    "x-request-id": canary("request-id"),
}


class Watched:
    """The service with everything that leaves it kept, by place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = Service()
        self.world = World(clock=self.service.clock, store=self.service.store)
        self.seen: dict[str, list[str]] = {"answers": [], "answers to others": [], "messages": [], "dead letters": []}
        monkeypatch.setattr(wiring, "api_parts", lambda: (self.service.desk(), self.service.journal))
        send, send_letter = self.world.queue.send, self.world.queue.send_dead_letter

        def kept(messages: Any) -> Any:
            self.seen["messages"] += [message_body(message) for message, _ in messages]
            return send(messages)

        def kept_letter(letter: DeadLetter) -> None:
            self.seen["dead letters"].append(letter_body(letter))
            send_letter(letter)

        monkeypatch.setattr(self.world.queue, "send", kept)
        monkeypatch.setattr(self.world.queue, "send_dead_letter", kept_letter)

    def call(
        self, method: str, path: str, document: Any = None, *, owner: str = OWNER, query: str = "", **headers: str
    ) -> dict[str, Any]:
        """Ask the api; the answer is kept."""
        content = document if isinstance(document, str) else "" if document is None else json.dumps(document)
        caller = CALLER if owner == OWNER else {}  # another has words of their own
        named = {**caller, **{name.replace("_", "-"): value for name, value in headers.items()}}
        answer = api.handler(http_event(method, path, content, owner=owner, headers=named, query=query), None)
        self.seen["answers" if owner == OWNER else "answers to others"].append(json.dumps(answer))
        return answer

    def schedule(self, *answers: Script, **changes: Any) -> str:
        """A job with a word in each field, whose target gives these answers; its id."""
        document = {**DOCUMENT, **changes}
        self.world.sender.answers[document["url"]] = list(answers)
        answer = self.call("POST", "/v1/jobs", document, idempotency_key=canary("idempotency-key"))
        assert answer["statusCode"] == 201, answer
        job_id: str = json.loads(answer["body"])["id"]
        return job_id

    def look(self, job_id: str) -> dict[str, Any]:
        """Read the job in every way, as its owner and as another."""
        for owner in (OWNER, STRANGER):
            self.call("GET", "/v1/jobs", owner=owner)
            answer = self.call("GET", f"/v1/jobs/{job_id}", owner=owner)
            if owner == OWNER:
                shown: dict[str, Any] = json.loads(answer["body"])
        return shown

    def places(self, printed: str) -> dict[str, str]:
        """All that was seen, by place."""
        told = [*self.service.journal.lines, *self.world.journal.lines]
        alerts = [f"{alert.subject}\n{alert.text}" for alert in (*self.world.alerts.sent, *self.service.alerts.sent)]
        texts = {**self.seen, "log": [*map(repr, told), printed], "alerts": alerts}
        return {place: "\n".join(kept) for place, kept in texts.items()}

    def leaks(self, printed: str) -> list[str]:
        """`field in place` for every word that is where it may not be, plain or as base64."""
        return [
            f"{field} in {place}"
            for place, text in self.places(printed).items()
            for field, word in CANARIES.items()
            if place not in ALLOWED[field] and any(form in text.lower() for form in forms(word))
        ]


def answered(status: int) -> Script:
    """An answer with a word in its body and one in a header."""
    headers = {
        "X-Back": canary("answer-header"),
        "Set-Cookie": canary("answer-cookie"),
        "Location": f"https://example.net/{canary('answer-header')}",
    }
    return FakeSender.answering(status, body=canary("answer-body").encode(), headers=headers)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


Leaks = Callable[[], list[str]]


@pytest.fixture
def leaks(watched: Watched, capfd: pytest.CaptureFixture[str]) -> Leaks:
    """What came out where it may not; whatever a function printed counts as its log."""
    return lambda: watched.leaks("".join(capfd.readouterr()))


def refuse(error: Exception) -> Callable[[], None]:
    def happen() -> None:
        raise error

    return happen


ENDS: dict[str, tuple[list[Script], str]] = {
    "succeeded": ([answered(200)], "succeeded"),
    "a retry": ([answered(503), answered(200)], "succeeded"),
    "attempts used up": ([answered(503)], "failed"),
    "refused for good": ([answered(404)], "failed"),
    "redirected": ([answered(302)], "failed"),
    "with nonsense to wait for": (
        [FakeSender.answering(429, headers={"Retry-After": canary("answer-header")})],
        "failed",
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_whatever_the_target_answers_nothing_leaks(watched: Watched, leaks: Leaks, end: str) -> None:
    """And what may be seen is: the owner reads the excerpt, the mail names the job."""
    answers, status = ENDS[end]
    job_id = watched.schedule(*answers, expect={"status": "2xx"})
    watched.world.run(seconds=120)
    assert watched.look(job_id)["status"] == status
    assert leaks() == []
    places = watched.places("")
    assert canary("name") in places["alerts"] and canary("url-path") in places["alerts"]
    assert canary("body-text") in places["answers"]
    if end in ("attempts used up", "refused for good", "redirected"):
        assert canary("answer-body") in places["answers"]


def test_an_expectation_that_does_not_hold_does_not_repeat_itself_in_a_mail(watched: Watched, leaks: Leaks) -> None:
    """Neither what was expected nor what came."""
    job_id = watched.schedule(answered(200))
    watched.world.run(seconds=60)
    assert watched.look(job_id)["attempts"][0]["error"]["code"] == "expectation_failed"
    assert leaks() == []


@pytest.mark.parametrize("method", ["add", "claim", "settle", "find", "with_request", "mark_alerted", "read"])
@pytest.mark.parametrize("error", [RuntimeError, KeyError, ValueError, StoreUnavailable])
def test_a_defect_that_quotes_what_was_written_is_told_by_its_place(
    watched: Watched, leaks: Leaks, method: str, error: type[Exception]
) -> None:
    """In every function: the log says where, the user gets a request id, and all goes on afterwards.

    An outage is told with AWS's words, which adapters make of codes alone; here too nothing of a job is in them.
    """
    quoted = "AccessDenied" if error is StoreUnavailable else json.dumps(DOCUMENT) + canary("answer-body")
    store = watched.service.store
    job_id = watched.schedule(answered(404))
    store.before[method] = refuse(error(quoted))
    if method == "add":
        assert watched.call("POST", "/v1/jobs", DOCUMENT)["statusCode"] in (500, 503)
    watched.world.run(seconds=900)
    watched.look(job_id)
    assert method not in store.before  # it happened
    assert leaks() == []


def test_an_outcome_that_waits_in_the_queue_takes_no_more_than_the_excerpt_with_it(
    watched: Watched, leaks: Leaks
) -> None:
    """It must be written down later, so it travels; the request does not."""
    watched.schedule(answered(503))
    watched.service.store.before["settle"] = refuse(StoreUnavailable("UpdateItem: throttled"))
    watched.world.run(seconds=300)
    assert canary("answer-body") in watched.places("")["messages"]
    assert leaks() == []


def test_a_poison_job_is_buried_without_its_contents(watched: Watched, leaks: Leaks) -> None:
    """Five workers die on it."""

    def kill(_: object) -> Any:
        dies()

    job_id = watched.schedule(kill)
    watched.world.run(seconds=3_600)
    assert watched.look(job_id)["attempts"][-1]["error"]["code"] == "died"
    assert watched.world.alerts.sent
    assert leaks() == []


def test_what_is_refused_is_not_repeated_in_the_log(watched: Watched, leaks: Leaks) -> None:
    """Malformed in every way: the user is told what is wrong, the operators see that nothing was accepted."""
    text = json.dumps(DOCUMENT)
    watched.call("POST", "/v1/jobs", text[:-1])
    watched.call("POST", "/v1/jobs", text.replace('"POST"', ""))
    watched.call("POST", "/v1/jobs", text, content_type=canary("user-agent"))
    for field in ("url", "headers", "body", "name", "expect", "retry", "notify", "delay_seconds"):
        for wrong in ([canary("body-text")], {"k": canary("body-text")}, 7.5):
            watched.call("POST", "/v1/jobs", {**DOCUMENT, field: wrong})
    watched.call("POST", "/v1/jobs", {**DOCUMENT, "secret_headers": {"x-own": canary("own-secret-value")}})
    watched.call("POST", "/v1/jobs", {**DOCUMENT, "headers": {"host": canary("header-value")}})
    watched.call("POST", "/v1/jobs", DOCUMENT, idempotency_key=canary("idempotency-key") + ",")
    watched.call("GET", "/v1/jobs", query=f"cursor={canary('cursor')}")
    watched.call("GET", "/v1/jobs", query=f"filter={canary('unknown-query')}&limit={canary('unknown-query')}")
    watched.call("GET", f"/v1/jobs/{canary('path')}")
    watched.call("DELETE", f"/{canary('path')}")
    watched.call("PATCH", f"/v1/jobs/job_{'0' * 32}", DOCUMENT)
    found = [leak for leak in leaks() if leak not in TOLD_TO_THE_ONE_WHO_WROTE_IT]
    assert found == []


def test_a_message_and_a_letter_name_a_job_and_nothing_else(watched: Watched) -> None:
    """So neither can hold more, whatever a job holds."""
    job_id = watched.schedule(answered(404))
    due = watched.service.store[job_id].due
    assert set(json.loads(message_body(Message(due)))) == {"id", "fire_at"}
    letter = DeadLetter(Message(due, attempt=1), "status_permanent")
    assert set(json.loads(letter_body(letter))) == {"id", "fire_at", "attempt", "reason"}


class TestTheSearchSees:
    """A search that finds nothing must be one that could."""

    @pytest.mark.parametrize("form", [str, lambda word: base64.b64encode(f"ab{word}".encode()).decode(), str.upper])
    def test_a_word_in_a_log_line(self, watched: Watched, leaks: Leaks, form: Callable[[str], str]) -> None:
        """Plain, encoded, in capitals."""
        watched.world.journal.tell("oops", error=form(canary("body-text")))
        assert leaks() == ["body-text in log"]

    def test_a_word_on_the_error_stream(self, leaks: Leaks) -> None:
        """What a function prints is its log."""
        import sys

        print(canary("token"), file=sys.stderr)  # noqa: T201
        assert leaks() == ["token in log"]


def test_a_new_key_is_in_the_answer_that_made_it_and_nowhere_else(watched: Watched, leaks: Leaks) -> None:
    """Neither in another answer nor in a log, nor in what is stored of it; refused or not."""
    made = json.loads(watched.call("POST", "/v1/keys", {"name": "n", "scopes": ["jobs:read"]})["body"])
    whole, last = made["key"], made["key"][-49:]
    assert any(last in answer for answer in watched.seen["answers"])
    watched.seen["answers"].clear()
    watched.call("GET", "/v1/keys")
    watched.call("POST", "/v1/keys", {"name": whole, "scopes": [whole], whole: 1, "expires_at": whole})
    watched.call("DELETE", f"/v1/keys/{whole}")
    refusals = watched.seen["answers"].pop(-2)
    assert refusals.count(last) == 1  # the name of the field that there is not, to whoever wrote it
    stored = repr(watched.service.keys.of_owner(OWNER))
    assert last not in stored + "".join(watched.places("").values())
    assert leaks() == []
