"""T5, T6: two owners of one service. Whatever one of them asks with what is the other's, by every route that there is,
is answered like what never was; and neither sees, counts or changes anything of the other's."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from description.document import document
from lambdas.jobs.keys import EVERY_SCOPE, key_text
from local.emulator import free_port
from ops import limits
from tests.live.deployed_stack import Answer, DeployedStack, eventually
from tests.live.target import Target

pytestmark = pytest.mark.live

PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "one")
"""Several processes may try these at once on one stack: each has owners of its own."""

URL = "https://hooks.example.com/run"
AT = "2099-01-01T00:00:30Z"
OF_THAT_DAY = "from=2099-01-01T00:00:00Z&to=2099-01-02T00:00:00Z"
TODAY = datetime.now(UTC).date()


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


OF_THESE_DAYS = f"from={_midnight(TODAY - timedelta(days=1))}&to={_midnight(TODAY + timedelta(days=2))}"
"""Not the range that is meant without one, which goes on at midnight."""
FAR: dict[str, Any] = {"url": URL, "at": AT, "name": "far"}
KEY: dict[str, Any] = {"name": "made", "scopes": ["jobs:read"]}
ROUTES = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
VIEWS = (
    "/v1/jobs",
    "/v1/jobs?limit=1&order=desc",
    f"/v1/jobs?status=upcoming&{OF_THAT_DAY}",
    "/v1/jobs?status=cancelled,failed",
    f"/v1/stats?{OF_THAT_DAY}&interval=hour",
    f"/v1/stats?{OF_THESE_DAYS}",
    "/v1/keys",
    "/v1/targets",
    "/v1/me",
    "/v1/signing-secret",
    "/v1/criteria",
)
"""All that an owner can see without naming anything."""


@dataclass(frozen=True)
class Things:
    """What one can name of an owner's: what Eve has, or the same that nobody ever had."""

    job_ids: Sequence[str]
    key_id: str
    idempotency_key: str
    cursor: str
    host: str
    email: str


@dataclass(frozen=True)
class Asked:
    """A request for a route: what follows its path, and what goes with it."""

    ids: str = ""
    """In the place of what the path names."""
    query: str = ""
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def ways_to_ask(things: Things) -> dict[tuple[str, str], list[Asked]]:
    """Of every route, all requests that could have to do with another owner's things. Nothing can be named by the
    routes without any: what these show is looked at before and after."""
    once = {"idempotency-key": things.idempotency_key}
    told = {**FAR, "notify": {"email": things.email}}
    at_host = {"url": f"http://{things.host}/"}
    versions = [{}, {"if-match": "1"}, {"if-match": "7"}, {"if-match": "*"}]
    jobs = things.job_ids
    each_version = [Asked(job, headers=version) for job in jobs for version in versions]
    return {
        ("POST", "/v1/jobs"): [Asked(document=FAR, headers=once), Asked(document=told)],
        ("POST", "/v1/jobs/batch"): [Asked(document={"jobs": [FAR]}, headers=once), Asked(document={"jobs": [told]})],
        ("GET", "/v1/jobs"): [Asked(query=f"?{more}cursor={things.cursor}") for more in ("", "limit=1&")],
        ("GET", "/v1/jobs/{id}"): [Asked(job, headers={"if-none-match": tag}) for job in jobs for tag in ('""', '"1"')],
        ("PATCH", "/v1/jobs/{id}"): [
            Asked(job, document=change, headers=version)
            for job in jobs
            for version in versions
            for change in ({"name": "mine"}, {"at": "2098-01-01T00:00:00Z"}, {"notify": {"email": things.email}}, {})
        ],
        ("DELETE", "/v1/jobs/{id}"): each_version,
        ("POST", "/v1/jobs/{id}/run"): each_version,
        ("POST", "/v1/jobs/{id}/rerun"): [Asked(job, headers=headers) for job in jobs for headers in ({}, once)],
        ("POST", "/v1/validate"): [Asked(document={**told, **at_host, "delay_seconds": 1})],
        ("POST", "/v1/test"): [Asked(document={**at_host, "timeout_seconds": 1})],
        ("PATCH", "/v1/targets/{host}"): [Asked(things.host, document={"state": "allowed"})],
        ("PATCH", "/v1/me"): [
            Asked(document={"notify": {"email": things.email}}),
            Asked(document={"notify": {"addresses": {things.email: None}}}),
            Asked(document={"notify": None}),
        ],
        ("POST", "/v1/keys"): [Asked(document=KEY, headers=once)],
        ("DELETE", "/v1/keys/{id}"): [Asked(things.key_id)],
        ("POST", "/v1/signing-secret/rotate"): [Asked()],
        **{route: [] for route in (("GET", path.partition("?")[0]) for path in VIEWS) if route != ("GET", "/v1/jobs")},
        ("GET", "/health"): [],
        ("GET", "/openapi.json"): [],
        ("GET", "/docs"): [],
    }


@dataclass(frozen=True)
class Met:
    """Eve, who has everything there is, and Ada, who asks for it."""

    stack: DeployedStack
    ada: str
    eve: str
    """Their tokens."""
    of_eve: Things
    never: Things
    ada_alone: Mapping[str, str]
    """What Ada saw before Eve had anything."""
    ada_beside: Mapping[str, str]
    """What she saw when Eve had everything."""
    ada_uses: int
    """How many upcoming jobs she was told to have then."""

    def ask(self, method: str, path: str, asked: Asked, *, token: str) -> Answer:
        """The answer to a request for a route, by its path as it is described."""
        place = re.sub(r"{\w+}", asked.ids, path) + asked.query
        return self.stack.call(method, place, asked.document, token=token, headers=asked.headers)

    def views(self, token: str) -> dict[str, str]:
        """All that somebody sees without naming anything, but for how much they use: of that each process of the api
        remembers a while what it knew (see `used`)."""
        answers = {path: self.stack.call("GET", path, token=token) for path in VIEWS}
        assert {answer.status for answer in answers.values()} == {200}, answers
        return {path: re.sub(r'"usage":{[^}]*}', "", answer.content.decode()) for path, answer in answers.items()}

    def used(self, token: str) -> int:
        """How many upcoming jobs somebody is told to have."""
        return int(self.stack.call("GET", "/v1/me", token=token).body["usage"]["upcoming_jobs"])


@pytest.fixture(scope="module")
def met(stack: DeployedStack, receiver: Target) -> Met:
    """Ada has a job and a secret of her own, so that what she sees is not nothing."""
    ada, eve = (stack.sign_in(f"{name}-of-{PROCESS}@example.com") for name in ("ada", "eve"))
    for path in ("/v1/jobs", "/v1/signing-secret/rotate"):
        assert stack.call("POST", path, FAR if path == "/v1/jobs" else None, token=ada.token).status < 300
    ports = (free_port(), free_port())
    never = Things(
        job_ids=tuple(f"job_{number:032x}" for number in range(3)),
        key_id="f" * 16,
        idempotency_key="was-never-used",
        cursor="bm9pc2U",
        host=f"127.0.0.1:{ports[0]}",
        email=f"nobody-of-{PROCESS}@example.com",
    )
    waiting = Met(stack, ada.token, eve.token, never, never, {}, {}, 0)
    _counted(waiting, ada.token, scheduled=1)
    alone = waiting.views(ada.token)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PUNCTUAL_STATE", str(stack.state))
        assert limits.main([eve.owner, "upcoming_jobs=50", "--write"]) == 0
    theirs = _things(stack, eve.token, f"127.0.0.1:{ports[1]}", receiver.url("/eve"))
    _counted(waiting, eve.token, scheduled=2, cancelled=2)
    _counted(waiting, eve.token, days=OF_THESE_DAYS, failed=1, succeeded=1)
    uses = eventually(lambda: waiting.used(ada.token), lambda jobs: jobs == 1, within_seconds=90)
    return Met(stack, ada.token, eve.token, theirs, never, alone, waiting.views(ada.token), uses)


def _things(stack: DeployedStack, token: str, host: str, well: str) -> Things:
    """One of each, with requests whose repeats Ada will send under the same Idempotency-Key. Nothing of it will change
    by itself: what was to be sent, to the host that is down and to the URL of a target that is well, has ended."""
    key, email = "used-by-eve", f"eve-of-{PROCESS}@example.com"

    def made(method: str, path: str, document: Any = None, **headers: str) -> Any:
        answer = stack.call(method, path, document, token=token, headers=headers)
        assert answer.status < 300, answer
        return answer.body

    once = {"idempotency-key": key}
    far = made("POST", "/v1/jobs", FAR, **once)["id"]
    cancelled = made("POST", "/v1/jobs", {**FAR, "name": "cancelled"})["id"]
    made("DELETE", f"/v1/jobs/{cancelled}")
    failed = made("POST", "/v1/jobs", {"url": f"http://{host}/", "delay_seconds": 0, "retry": {"max_attempts": 1}})[
        "id"
    ]
    made("POST", "/v1/jobs/batch", {"jobs": [FAR]}, **{"idempotency-key": f"{key}-in-a-batch"})
    made("PATCH", "/v1/me", {"notify": {"email": email}})
    stack.follow_last_link(email)
    eventually(lambda: stack.call("GET", "/v1/targets", token=token).body["targets"], bool, within_seconds=30)
    elsewhere = made("POST", "/v1/jobs", {**FAR, "url": well})["id"]
    made("DELETE", f"/v1/jobs/{elsewhere}")
    made("POST", f"/v1/jobs/{elsewhere}/rerun", **{"idempotency-key": f"{key}-again"})
    made("GET", "/v1/signing-secret")
    return Things(
        job_ids=(far, cancelled, failed),
        key_id=made("POST", "/v1/keys", KEY, **{"idempotency-key": f"{key}-for-a-key"})["id"],
        idempotency_key=key,
        cursor=made("GET", "/v1/jobs?limit=1")["next_cursor"],
        host=host,
        email=email,
    )


def _counted(met: Met, token: str, *, days: str = OF_THAT_DAY, **expected: int) -> None:
    """Wait until the stream has brought the counts of these days."""
    wanted = {**dict.fromkeys(("scheduled", "running", "succeeded", "failed", "cancelled"), 0), **expected}
    totals = eventually(
        lambda: met.stack.call("GET", f"/v1/stats?{days}", token=token).body["totals"],
        lambda totals: totals == wanted,
        within_seconds=60,
    )
    assert totals == wanted


def test_every_route_is_asked_in_some_way(met: Met) -> None:
    """A new one is to be added above, and what it shows to the views."""
    assert ways_to_ask(met.of_eve).keys() == ROUTES
    shown = {path for method, path in ROUTES if method == "GET" and path.startswith("/v1/") and "{" not in path}
    assert shown == {path.partition("?")[0] for path in VIEWS}


def test_what_names_nothing_shows_and_counts_nothing_of_the_others(met: Met) -> None:
    """Lists, counts, use, limits: to the byte as it was before the other had anything."""
    assert met.ada_beside == met.ada_alone
    assert met.ada_uses == 1


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_what_is_the_others_is_answered_like_what_never_was(met: Met, method: str, path: str) -> None:
    """In every way to ask. Nothing of the other's is changed by it, or by asking for HEAD and OPTIONS."""
    before = met.views(met.eve)
    for tried in [method, *(["HEAD"] if method == "GET" else []), "OPTIONS"]:
        of_theirs, of_never = (
            [_seen(met.ask(tried, path, asked, token=met.ada), things) for asked in ways_to_ask(things)[method, path]]
            for things in (met.of_eve, met.never)
        )
        assert of_theirs == of_never
        if "{" in path and tried != "OPTIONS":
            assert {status for status, _, _ in of_theirs} == {404}
    assert met.views(met.eve) == before


@pytest.mark.parametrize(("method", "path"), sorted(route for route in ROUTES if route[1].startswith("/v1/")))
def test_the_id_of_the_others_api_key_opens_nothing(met: Met, method: str, path: str) -> None:
    """With a secret that is guessed it is refused like the id of no key."""
    answers = [
        met.ask(method, path, Asked(things.job_ids[0]), token=key_text(things.key_id, 7))
        for things in (met.of_eve, met.never)
    ]
    assert _seen(answers[0], met.of_eve) == _seen(answers[1], met.never)
    assert answers[0].status == 401


def test_an_api_key_of_ones_own_gets_no_further(met: Met) -> None:
    """Whatever it may do."""
    made = met.stack.call("POST", "/v1/keys", {"name": "all", "scopes": sorted(EVERY_SCOPE)}, token=met.ada)
    for method, path in sorted(ROUTES):
        for theirs in ways_to_ask(met.of_eve)[method, path] if "{" in path else []:
            assert met.ask(method, path, theirs, token=made.body["key"]).status == 404
    assert met.stack.call("DELETE", f"/v1/keys/{made.body['id']}", token=met.ada).status == 204


def _seen(answer: Answer, things: Things) -> tuple[int, dict[str, str], str]:
    """All of an answer but the names of the exchange, how the connection goes on, the use of whoever asks, what was
    just made, and what they wrote themselves."""
    mine = {"date", "x-request-id", "apigw-requestid", "ratelimit", "content-length", "connection"}
    if answer.status < 400:
        mine |= {"etag", "location"}
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in mine}
    text = re.sub(r'"request_id":"[^"]*"', "", answer.content.decode())
    for written in (things.host, things.email):
        text = text.replace(written, "")
    if answer.status < 400:
        text = re.sub(r"job_[0-9a-f]{32}|punctual_live_\w+|whsec_[\w+/=]+|\d{4}-\d\d-\d\dT[\d:.]+Z", "", text)
        text = re.sub(r'"(id|duration_ms|requests_this_minute|upcoming_jobs)":("[0-9a-f]{16}"|\d+)', "", text)
    return answer.status, headers, text
