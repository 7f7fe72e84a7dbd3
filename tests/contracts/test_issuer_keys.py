"""What all know of an issuer's keys: which there are, and when nobody can tell."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session

from lambdas.adapters.http_issuer_keys import ASK_AGAIN_MS, FRESH_MS, HttpIssuerKeys
from lambdas.adapters.jwt_tokens import IssuerKeys, rs256_key
from lambdas.jobs.errors import IssuerUnavailable
from tests.fakes import FakeClock
from tests.tokens import KEY_ID, FakeIssuerKeys, jwk

OURS, NEXT = rs256_key(jwk()), rs256_key(jwk(1))


@dataclass
class Published:
    """An issuer on this machine: what it answers at which path, and which paths it was asked for."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def publish(self, *keys: dict[str, Any], path: str = "/keys") -> None:
        self.answers[path] = (200, json.dumps({"keys": keys}).encode())


@contextlib.contextmanager
def serving() -> Iterator[Published]:
    published = Published()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.asked.append(self.path)
            status, content = published.answers.get(self.path, (404, b"{}"))
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.send_header("location", "/keys")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing: the tests look at `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    published.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield published
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def issuer() -> Iterator[Published]:
    with serving() as published:
        published.publish(jwk())
        yield published


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys(issuer: Published, clock: FakeClock) -> HttpIssuerKeys:
    return HttpIssuerKeys(f"{issuer.url}/keys", clock=clock)


@pytest.fixture(params=["fake", "http"])
def any_keys(request: pytest.FixtureRequest) -> IssuerKeys:
    """The issuer's keys: the fake, and the adapter."""
    return FakeIssuerKeys() if request.param == "fake" else request.getfixturevalue("keys")


def test_a_key_is_had_by_its_id(any_keys: IssuerKeys) -> None:
    """Any other is none."""
    assert any_keys.key(KEY_ID) == OURS
    assert any_keys.key("another") is None


@pytest.mark.parametrize("kind", ["fake", "http"])
def test_while_the_issuer_is_away_nobody_can_tell(kind: str, request: pytest.FixtureRequest) -> None:
    """It has not been reached yet."""
    fake = FakeIssuerKeys()
    fake.down = True
    away: IssuerKeys = fake
    if kind == "http":
        request.getfixturevalue("issuer").answers.clear()
        away = request.getfixturevalue("keys")
    with pytest.raises(IssuerUnavailable):
        away.key(KEY_ID)


def test_the_issuer_is_asked_once_an_hour(issuer: Published, keys: HttpIssuerKeys, clock: FakeClock) -> None:
    """Not for each token."""
    for _ in range(4):
        keys.key(KEY_ID)
        clock.ms += FRESH_MS // 4
    assert issuer.asked == ["/keys"]
    keys.key(KEY_ID)
    assert issuer.asked == ["/keys", "/keys"]


def test_a_new_key_is_found_when_a_token_names_it(issuer: Published, keys: HttpIssuerKeys, clock: FakeClock) -> None:
    """The issuer changes its keys whenever it likes."""
    keys.key(KEY_ID)
    issuer.publish(jwk(), jwk(1, kid="key-2"))
    clock.ms += ASK_AGAIN_MS
    assert keys.key("key-2") == NEXT
    assert keys.key(KEY_ID) == OURS


def test_strangers_cannot_make_us_ask_again_and_again(
    issuer: Published, keys: HttpIssuerKeys, clock: FakeClock
) -> None:
    """Each of their tokens names a key that there is not."""
    keys.key(KEY_ID)
    for number in range(50):
        assert keys.key(f"made-up-{number}") is None
    assert len(issuer.asked) == 1
    clock.ms += ASK_AGAIN_MS
    for number in range(50):
        assert keys.key(f"made-up-{number}") is None
    assert len(issuer.asked) == 2


def test_a_key_that_was_withdrawn_counts_no_more(issuer: Published, keys: HttpIssuerKeys, clock: FakeClock) -> None:
    """Within the hour."""
    keys.key(KEY_ID)
    issuer.publish(jwk(1, kid="key-2"))
    clock.ms += FRESH_MS
    assert keys.key(KEY_ID) is None


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (302, b""),
        (200, b""),
        (200, b"no json"),
        (200, b"[" * 100_000),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys":{}}'),
    ],
    ids=str,
)
def test_known_keys_go_on_to_count_while_the_issuer_is_away(
    issuer: Published, keys: HttpIssuerKeys, clock: FakeClock, answer: tuple[int, bytes]
) -> None:
    """Of one that is not known nobody can tell. When it is back, it is asked again."""
    keys.key(KEY_ID)
    issuer.answers["/keys"] = answer
    clock.ms += FRESH_MS
    assert keys.key(KEY_ID) == OURS
    with pytest.raises(IssuerUnavailable):
        keys.key("key-2")
    issuer.publish(jwk(1, kid="key-2"))
    clock.ms += ASK_AGAIN_MS
    assert keys.key("key-2") == NEXT


def test_while_nothing_is_known_every_request_asks(issuer: Published, keys: HttpIssuerKeys) -> None:
    """So that the first success counts for all."""
    issuer.answers.clear()
    for _ in range(2):
        with pytest.raises(IssuerUnavailable):
            keys.key(KEY_ID)
    issuer.publish(jwk())
    assert keys.key(KEY_ID) == OURS


def test_a_clock_that_was_set_back_makes_nothing_younger(
    issuer: Published, keys: HttpIssuerKeys, clock: FakeClock
) -> None:
    """It asks again."""
    keys.key(KEY_ID)
    clock.ms -= 10 * FRESH_MS
    assert keys.key(KEY_ID) == OURS
    assert len(issuer.asked) == 2


def test_keys_for_other_uses_and_nonsense_are_passed_over(issuer: Published, keys: HttpIssuerKeys) -> None:
    """The one that is right counts all the same."""
    odd: list[Any] = ["text", None, {}, {"kid": "x"}, jwk(kid="enc", use="enc"), jwk(kid=7), jwk(kid=["a"])]
    issuer.answers["/keys"] = (200, json.dumps({"keys": [*odd, jwk()]}).encode())
    assert keys.key(KEY_ID) == OURS
    assert keys.key("enc") is None


def test_the_keys_address_is_read_from_the_configuration_if_it_is_secure(clock: FakeClock, issuer: Published) -> None:
    """OpenID Connect discovery; over plain HTTP anybody on the way could name keys of their own."""
    configuration = "/.well-known/openid-configuration"
    issuer.answers[configuration] = (200, json.dumps({"jwks_uri": f"{issuer.url}/keys"}).encode())
    keys = HttpIssuerKeys(f"{issuer.url}{configuration}", clock=clock)
    with pytest.raises(IssuerUnavailable, match="https"):
        keys.key(KEY_ID)
    assert issuer.asked == [configuration]


def test_the_configuration_leads_to_the_keys(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer of the operators' own."""
    answers = {
        "https://issuer.example.com/.well-known/openid-configuration": {"jwks_uri": "https://keys.example.com/all"},
        "https://keys.example.com/all": {"keys": [jwk()]},
    }

    def send(_: URLLib3Session, request: AWSPreparedRequest) -> SimpleNamespace:
        return SimpleNamespace(status_code=200, content=json.dumps(answers[request.url]).encode())

    monkeypatch.setattr(URLLib3Session, "send", send)
    configuration = "https://issuer.example.com/.well-known/openid-configuration"
    assert HttpIssuerKeys(configuration, clock=clock).key(KEY_ID) == OURS


def test_nobody_listens(clock: FakeClock) -> None:
    """Not an error of ours."""
    with pytest.raises(IssuerUnavailable):
        HttpIssuerKeys("http://127.0.0.1:9/keys", clock=clock).key(KEY_ID)
