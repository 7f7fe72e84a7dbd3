"""T7 on the deployed stack: a word in every field that users and targets write, searched for in all that comes out.

Beside answers and alerts that is what functions print (their log groups), what lies in queues, and every file that the
emulator and the local run write, except the table's own.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local import paths
from local.emulator import free_port
from local.user import User
from tests.canaries import ALLOWED, CANARIES, TOLD_TO_THE_ONE_WHO_WROTE_IT, canary, document, forms
from tests.live.deployed_stack import FINISHED, SETTINGS, Answer, DeployedStack, eventually, started
from tests.live.target import Reply, Target
from tests.services.missing import require

pytestmark = pytest.mark.live

PREFERRED_PORT = 4660
"""Another than that of the stack that other tests share, which may start at the same time."""

FULFILLED = json.dumps({"a": canary("expect-json"), "b": [canary("expect-contains"), canary("answer-body")]})
BACK = {
    "x-back": canary("answer-header"),
    "location": f"https://example.net/{canary('answer-header')}",
    "set-cookie": canary("answer-cookie"),
}

REPLIES: dict[str, list[Reply]] = {
    "succeeded": [Reply(200, FULFILLED, BACK)],
    "retry": [Reply(503, canary("answer-body"), BACK), Reply(200, FULFILLED)],
    "used-up": [Reply(503, canary("answer-body"), BACK)],
    "refused": [Reply(404, canary("answer-body"), BACK)],
    "redirected": [Reply(302, canary("answer-body"), BACK)],
    "unexpected": [Reply(200, canary("answer-body"), BACK)],
    "busy": [Reply(429, canary("answer-body"), {"retry-after": canary("answer-header")})],
    "garbage": [Reply(200, canary("answer-body"), {"content-length": canary("answer-header")})],
    "too-much": [Reply(200, canary("answer-body"), {"x-back": canary("answer-header") * 8_000})],
    "silent": [Reply(close=True)],
    "broken-off": [Reply(reset=True)],
    "slow": [Reply(wait_seconds=3)],
}
"""What the target does with a job, by the first part of its path."""
RETRIED = {"retry", "used-up"}

CALLER = {
    "user-agent": canary("user-agent"),
    "cookie": canary("cookie-of-caller"),
    "x-request-id": canary("request-id"),
}

PLACE_OF_FILE = {
    "emulator/state/dynamodb.json": "table",
    "emulator/state/sqs.json": "queues",
    "emulator/state/sns.json": "addresses",
    "emulator/state/cloudwatch_logs.json": "log",
    "logs/functions.log": "log",
    "run.log": "log",
}
"""What a file of the stack's folder holds; all others hold nothing of anybody."""


class Watched:
    """A stack of its own with everything that leaves it kept, by place."""

    def __init__(self, stack: DeployedStack, receiver: Target) -> None:
        self.stack = stack
        self.receiver = receiver
        self.seen: defaultdict[str, list[str]] = defaultdict(list)
        self.words: dict[str, str] = dict(CANARIES)
        self._keys = itertools.count()
        self.ada = self._signed_in("ada")
        self.eve = self._signed_in("eve")

    def call(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        user: User | None = None,
        place: str | None = None,
        **headers: str,
    ) -> Answer:
        """Ask the api as ada, or as another who has no words of their own; the answer is kept."""
        named = {**CALLER, **{name.replace("_", "-"): value for name, value in headers.items()}} if user is None else {}
        text = content if isinstance(content, str) or content is None else json.dumps(content)
        answer = self.stack.call(
            method,
            path,
            content=None if text is None else text.encode(),
            token=(user or self.ada).token,
            headers={"content-type": "application/json", **named},
        )
        place = place or ("answers" if user is None else "answers to others")
        self.seen[place].append(f"{dict(answer.headers)} {answer.body}")
        return answer

    def secret(self, method: str, path: str = "/v1/signing-secret") -> None:
        """Read ada's signing secret or rotate it; only this answer may show it, and nobody keeps it."""
        answer = self.stack.call(method, path, token=self.ada.token)
        assert answer.status == 200, answer
        self.words[f"signing secret {len(self.words)}"] = answer.body["secret"].removeprefix("whsec_")

    def schedule(self, kind: str, **changes: Any) -> dict[str, Any]:
        """A job with a word in each field, whose target does what REPLIES say."""
        asked = {**document(self.receiver.url(f"/{kind}")), "delay_seconds": 1, "timeout_seconds": 1, **changes}
        if kind not in RETRIED:
            asked["retry"] = {"max_attempts": 1}
        if kind in REPLIES:
            self.receiver.answer(asked["url"].removeprefix(self.receiver.url("")), *REPLIES[kind])
        answer = self.call("POST", "/v1/jobs", asked, idempotency_key=f"{canary('idempotency-key')}-{next(self._keys)}")
        assert answer.status == 201, answer
        job: dict[str, Any] = answer.body
        return job

    def places(self) -> dict[str, str]:
        """All that was seen, by place, in small letters."""
        return {place: "\n".join(kept).lower() for place, kept in self.seen.items()}

    def leaks(self) -> list[str]:
        """`field in place` for every word that is where it may not be, plain or as Base64."""
        return [
            f"{field} in {place}"
            for place, text in self.places().items()
            for field, word in self.words.items()
            if place not in _allowed(field) and any(form in text for form in forms(word))
        ]

    def _signed_in(self, name: str) -> User:
        user = self.stack.sign_in(f"{name}@example.com")
        self.words[f"token of {name}"] = user.token.rpartition(".")[2]
        return user


def _allowed(field: str) -> set[str]:
    """The table holds everything. Queues hold alerts, and outcomes that the table did not take; trials are answers."""
    places = {*ALLOWED.get(field, set()), "table"}
    places |= {"queues"} if places & {"alerts", "messages"} else set()
    return places | ({"trials"} if "answers" in places else set())


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, receiver: Target) -> Watched:
    """Every way that a job can go, on a stack of its own, which has been stopped since."""
    require(paths.CDK.exists() and paths.EMULATOR_VENV.exists(), "the tools are not installed: run `make setup`")
    state = tmp_path_factory.mktemp("secrets") / "state"
    # So many jobs fail here that their target would be taken for one that is down.
    settings = {"PUNCTUAL_PORT": str(free_port(PREFERRED_PORT)), "PUNCTUAL_TARGET_FAILURES": "1000"}
    with started(state, {**SETTINGS, **settings}):
        watched = Watched(DeployedStack(state), receiver)
        watched.secret("GET")
        _send_all(watched)
        watched.secret("POST", "/v1/signing-secret/rotate")
        _edit_and_ask(watched)
        _try_out(watched)
        _ask_for_oneself(watched)
        _refuse(watched)
        _damage(watched)
        _read_what_functions_printed(watched)
    _read_files(watched, state.parent)
    return watched


def _send_all(watched: Watched) -> None:
    """Jobs of every end. Their letters are looked at before anybody buries them."""
    stack = watched.stack
    with _asleep(stack, "BuryFunctionName"):
        jobs = {kind: watched.schedule(kind) for kind in REPLIES}
        ended = {kind: _finished(watched, job["id"]) for kind, job in jobs.items()}
        succeeded = {kind for kind, job in ended.items() if job["status"] == "succeeded"}
        assert succeeded == {"succeeded", "retry"}, ended
        failed = {job["id"] for job in ended.values() if job["status"] == "failed"}
        letters = eventually(lambda: stack.queued("dead_letters"), _at_least(len(failed)), within_seconds=20)
    watched.seen["dead letters"] += letters
    for job_id in {job["id"] for job in ended.values()}:
        assert stack.alerts_about(job_id, within_seconds=60), ended
        watched.call("GET", f"/v1/jobs/{job_id}", user=watched.eve)
    watched.call("GET", "/v1/jobs", user=watched.eve)


def _at_least(count: int) -> Callable[[list[str]], bool]:
    return lambda found: len(found) >= count


def _edit_and_ask(watched: Watched) -> None:
    """Change, fire now, fire again, repeat, many at once, list, cancel."""
    stack = watched.stack
    job = watched.schedule("later", delay_seconds=100)
    path = f"/v1/jobs/{job['id']}"
    watched.seen["messages"] += eventually(lambda: stack.queued("jobs"), bool, within_seconds=20)
    again = watched.schedule("succeeded", delay_seconds=90)
    assert watched.call("POST", f"/v1/jobs/{again['id']}/run").status == 202
    assert _finished(watched, again["id"])["status"] == "succeeded"
    asked = document(watched.receiver.url("/changed"))
    changed = {name: asked[name] for name in ("url", "headers", "secret_headers", "body", "name", "expect", "notify")}
    for asker in (None, watched.eve):
        assert watched.call("PATCH", path, changed, user=asker).status == (200 if asker is None else 404)
        rerun = watched.call("POST", f"/v1/jobs/{again['id']}/rerun", user=asker)
        assert rerun.status == (201 if asker is None else 404)
        for query in ("", "?limit=1", "?status=failed", "?status=upcoming"):
            watched.call("GET", f"/v1/jobs{query}", user=asker)
    batch = {"jobs": [{**asked, "delay_seconds": 3_600}, {**asked, "delay_seconds": "soon"}]}
    for _ in range(2):
        assert watched.call("POST", "/v1/jobs/batch", batch, idempotency_key=canary("idempotency-key")).status == 207
    assert watched.call("DELETE", path).status == 200


def _try_out(watched: Watched) -> None:
    """Judge a document, and send requests once, now; what targets said is shown to whoever asked."""
    asked = document(watched.receiver.url("/judged"))
    assert watched.call("POST", "/v1/validate", asked).body["valid"] is True
    for kind, replies in REPLIES.items():
        whole = document(watched.receiver.url(f"/trial-{kind}"))
        tried = {name: whole[name] for name in ("url", "headers", "body", "expect")} | {"timeout_seconds": 1}
        watched.receiver.answer(tried["url"].removeprefix(watched.receiver.url("")), *replies)
        assert watched.call("POST", "/v1/test", tried, place="trials").status == 200


def _ask_for_oneself(watched: Watched) -> None:
    """A key for a program, which only the answer that makes it shows; an address that mails are to go to."""
    made = watched.stack.call("POST", "/v1/keys", {"name": "n", "scopes": ["jobs:read"]}, token=watched.ada.token)
    assert made.status == 201, made
    watched.words["api key"] = made.body["key"][-40:]
    by_key = replace(watched.ada, token=made.body["key"])
    for path, status in (("/v1/jobs", 200), ("/v1/me", 200), ("/v1/keys", 403)):
        assert watched.call("GET", path, user=by_key, place="answers").status == status
    watched.call("GET", "/v1/keys")
    settings = {"notify": {"email": f"{canary('email')}@example.com"}}
    assert watched.call("PATCH", "/v1/me", settings).status == 200
    watched.call("GET", "/v1/stats")


def _refuse(watched: Watched) -> None:
    """Malformed in every way: the one who wrote it is told what is wrong, and nobody else anything."""
    asked = document("https://example.com")
    text = json.dumps(asked)
    refused = [
        watched.call("POST", "/v1/jobs", text[:-1]),
        watched.call("POST", "/v1/jobs", asked, idempotency_key=canary("idempotency-key") + ","),
        watched.call("POST", "/v1/jobs", {**asked, "url": f"https://{canary('token')}@example.com/"}),
        watched.call("POST", "/v1/jobs", asked, content_type=canary("user-agent")),
        watched.call("GET", f"/v1/jobs?cursor={canary('cursor')}"),
        watched.call("GET", f"/v1/jobs?{canary('unknown-query')}=1&limit={canary('unknown-query')}"),
        watched.call("GET", f"/v1/jobs/{canary('path')}"),
        watched.call("PATCH", f"/v1/targets/{canary('path')}", {"state": canary("body-text")}),
        watched.call("DELETE", f"/{canary('path')}"),
        watched.stack.call("GET", "/v1/jobs", token=canary("token")),
    ]
    for field in ("url", "headers", "body", "name", "expect", "retry", "notify", "delay_seconds"):
        refused.append(watched.call("POST", "/v1/jobs", {**asked, field: [[canary("body-text")]], "at": "x"}))
    assert {answer.status // 100 for answer in refused} == {4}


def _damage(watched: Watched) -> None:
    """An item of a job and one of a secret that cannot be read, with words in them; the operators are told."""
    stack, table = watched.stack, watched.stack.description["table"]
    dynamodb = stack.client("dynamodb")
    job_id = watched.schedule("succeeded", delay_seconds=3_600)["id"]
    key = {"pk": {"S": f"JOB#{job_id}"}, "sk": {"S": "JOB"}}
    item = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    damage = {name: {"S": canary("body-text")} for name in ("status", "timeout_ms", "created_at")}
    dynamodb.put_item(TableName=table, Item={**item, **damage})
    letter = json.dumps({"id": job_id, "fire_at": int(item["fire_at"]["N"])})
    stack.client("sqs").send_message(QueueUrl=stack.description["queues"]["dead_letters"], MessageBody=letter)
    assert stack.alerts_about(job_id, within_seconds=20)
    watched.call("GET", f"/v1/jobs/{job_id}")

    damaged = stack.sign_in("damaged@example.com")
    secret = {"pk": {"S": f"OWNER#{damaged.owner}"}, "sk": {"S": "SIGNING"}}
    dynamodb.put_item(TableName=table, Item={**secret, "sealed": {"B": canary("token").encode()}})
    asked = {"url": watched.receiver.url("/unsigned"), "delay_seconds": 0, "retry": {"max_attempts": 1}}
    stack.call("POST", "/v1/jobs", asked, token=damaged.token)
    assert stack.alerts_about(damaged.owner, within_seconds=30)
    watched.call("GET", "/v1/signing-secret", user=damaged)


def _read_what_functions_printed(watched: Watched) -> None:
    """All log groups; and the alerts, of which the last is out by now."""
    logs = watched.stack.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        watched.seen["log"] += [event["message"] for page in pages for event in page["events"]]
    watched.seen["alerts"] += [f"{alert.subject}\n{alert.message}" for alert in watched.stack.alerts()]


def _read_files(watched: Watched, folder: Path) -> None:
    """Every file below a folder, as what it holds."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder / "state").as_posix() if path.is_relative_to(folder / "state") else path.name
            watched.seen[PLACE_OF_FILE.get(name, name)].append(path.read_bytes().decode("latin-1"))


def _finished(watched: Watched, job_id: str) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        job: dict[str, Any] = watched.call("GET", f"/v1/jobs/{job_id}").body
        return job

    return eventually(read, lambda job: job["status"] in FINISHED, within_seconds=60)


@contextlib.contextmanager
def _asleep(stack: DeployedStack, function: str) -> Iterator[None]:
    """A function gets nothing from its queue meanwhile."""
    client = stack.client("lambda")
    (mapping,) = client.list_event_source_mappings(FunctionName=stack.outputs[function])["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def test_nothing_that_is_secret_is_anywhere(watched: Watched) -> None:
    """Nor is anything else where it need not be."""
    assert sorted(set(watched.leaks()) - TOLD_TO_THE_ONE_WHO_WROTE_IT) == []


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("table", ["url-query", "authorization-value", "cookie-value", "own-secret-value", "body-text", "answer-body"]),
        ("answers", ["body-text", "header-value", "answer-body", "request-id"]),
        ("alerts", ["name", "url-path"]),
        ("trials", ["answer-header", "answer-body"]),
        ("addresses", ["email"]),
        ("queues", ["name"]),
        ("log", ["request-id"]),
    ],
)
def test_the_search_finds_what_may_be_seen(watched: Watched, place: str, words: list[str]) -> None:
    """So that finding nothing means that nothing is there."""
    text = watched.places()[place]
    assert [word for word in words if not any(form in text for form in forms(canary(word)))] == []


def test_everything_was_looked_at(watched: Watched) -> None:
    """Letters of every job that failed, messages, others' answers, each function's log, and the files."""
    places = watched.places()
    assert all(places[place] for place in ("dead letters", "messages", "answers to others", *PLACE_OF_FILE.values()))
    for event in ("attempt", "buried", "handed_off", "secret_rotated", "set_aside", "secret_damaged", "accepted"):
        assert f'"message":"{event}"' in places["log"], event
    assert len([word for word in watched.words if word.startswith("signing secret")]) == 2
