"""The client when the way to the service is bad: what is sent again, what is not, and what the caller hears."""

from __future__ import annotations

import socket

import pytest

from punctual import (
    Client,
    NotFound,
    PreconditionFailed,
    Problem,
    ServiceFailed,
    TooManyRequests,
    Unauthenticated,
    UnexpectedAnswer,
    Unreachable,
    transport,
)
from tests.client.gateway import OWNER, TOKEN, Canned, Gateway, Lost
from tests.handlers.recorded import Service

URL = "https://hooks.example.com/run"
AWAY = Canned(503, b'{"message":"Service Unavailable"}')


def test_what_passes_is_tried_again_with_the_same_idempotency_key(client: Client, gateway: Gateway) -> None:
    """F1: the service can tell a repetition from a second wish."""
    gateway.troubles += [AWAY, Canned(502), Canned(429, b"{}", {"retry-after": "1"})]

    job = client.schedule(URL, delay=60)

    keys = [headers["idempotency-key"] for _, _, headers in gateway.seen]
    assert job.status == "scheduled" and len(keys) == 4 and len(set(keys)) == 1


def test_an_answer_that_is_lost_is_asked_for_again(client: Client, gateway: Gateway) -> None:
    """The connection broke after the service had done its part."""
    job = client.schedule(URL, delay=60)
    gateway.troubles.append(Lost())

    assert client.cancel(job.id).status == "cancelled"
    assert [method for method, _, _ in gateway.seen] == ["POST", "DELETE", "DELETE"]


def test_a_change_whose_answer_is_lost_may_be_found_done(client: Client, gateway: Gateway) -> None:
    """As docs/client.md says: the second of two that were sent meets what the first has made."""
    job = client.schedule(URL, delay=60)
    key = client.create_key("deploy", ["jobs:read"])
    gateway.troubles.append(Lost())
    with pytest.raises(PreconditionFailed):
        client.update(job.id, name="mine", if_version=job.version)
    gateway.troubles.append(Lost())
    with pytest.raises(NotFound):
        client.delete_key(key.id)

    assert client.job(job.id).name == "mine" and not client.keys()


def test_an_api_key_whose_answer_is_lost_is_made_once(client: Client, gateway: Gateway) -> None:
    """F1: its secret is gone with the answer, and no second one counts beside it."""
    gateway.troubles.append(Lost())

    made = client.create_key("ci", ["jobs:read"])
    (there,) = client.keys()

    assert (made.key, made.id) == (None, there.id)


def test_the_callers_own_idempotency_key_is_used(client: Client, gateway: Gateway) -> None:
    """A program that is started again goes on where it was."""
    client.schedule(URL, delay=60, idempotency_key="import-7")

    assert gateway.seen[0][2]["idempotency-key"] == "import-7"


def test_a_token_that_does_not_hold_long_is_asked_for_each_time(gateway: Gateway) -> None:
    """A program may run for longer than its token holds."""
    tokens = iter([TOKEN, "the-next"])
    with Client(gateway.url, lambda: next(tokens)) as client:
        assert client.me().owner == OWNER
        with pytest.raises(Unauthenticated):
            client.me()
    assert gateway.seen[-1][2]["authorization"] == "Bearer the-next"


def test_what_must_not_happen_twice_is_not_sent_twice(client: Client, gateway: Gateway) -> None:
    """A test request may have reached its target; only the caller can know whether to send another."""
    gateway.troubles += [Lost(), Lost()]

    with pytest.raises(Unreachable) as unreachable:
        client.test(URL)

    assert unreachable.value.sent and len(gateway.seen) == 1


def test_trouble_that_does_not_pass_is_told_in_the_end(client: Client, gateway: Gateway) -> None:
    """After its retries the client gives the service's own words."""
    gateway.troubles += [Canned(503, b'{"code":"unavailable","detail":"Try again soon."}')] * 9

    with pytest.raises(ServiceFailed) as failed:
        client.health()

    assert (failed.value.code, failed.value.detail, len(gateway.seen)) == ("unavailable", "Try again soon.", 5)


def test_more_patience_than_there_is_is_not_waited_for(client: Client, gateway: Gateway) -> None:
    """A Retry-After of an hour comes back at once, with the seconds."""
    gateway.troubles.append(Canned(429, b'{"code":"quota_exceeded","detail":"Enough."}', {"retry-after": "3600"}))

    with pytest.raises(TooManyRequests) as refused:
        client.schedule(URL, delay=60)

    assert refused.value.retry_after == 3600 and len(gateway.seen) == 1


def test_a_limit_of_the_service_is_told_with_when_to_come_again(
    client: Client, gateway: Gateway, service: Service
) -> None:
    """Until the minute is over, 40 s: longer than the client waits by itself. What is sent then is done."""
    service.usage.set_limits(OWNER, {"requests_per_minute": 1})
    client.schedule(URL, delay=60)

    with pytest.raises(TooManyRequests) as refused:
        client.schedule(URL, delay=60)
    assert (refused.value.code, refused.value.retry_after) == ("rate_limited", 40)

    service.clock.advance(seconds=40)
    assert client.schedule(URL, delay=60).status == "scheduled"
    assert client.me().limits["requests_per_minute"] == 1


def test_the_gateways_own_refusal_is_understood(gateway: Gateway) -> None:
    """It has a form of its own, and a request id in a header."""
    with Client(gateway.url, "stale") as stranger, pytest.raises(Unauthenticated) as refused:
        stranger.me()

    assert (refused.value.detail, refused.value.request_id) == ("Unauthorized", "gateway-1")


@pytest.mark.parametrize(
    "page",
    [
        Canned(200, b"<html>welcome to the hotel</html>"),
        Canned(302, b"", {"location": "/elsewhere"}),
        Canned(200, b'{"hello":1}'),
    ],
)
def test_an_answer_of_somebody_else_is_told_as_such(client: Client, gateway: Gateway, page: Canned) -> None:
    """T16: a captive portal, a wrong address: no half-read job, and no redirect is followed with the token."""
    gateway.troubles.append(page)

    with pytest.raises(UnexpectedAnswer, match="address"):
        client.job("job_1")
    assert len(gateway.seen) == 1


def test_a_flood_is_no_answer_of_the_service(client: Client, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """However well it begins."""
    monkeypatch.setattr(transport, "LONGEST_ANSWER_BYTES", 100)
    gateway.troubles.append(Canned(200, b'{"status": "ok"' + b" " * 100 + b"}"))

    with pytest.raises(UnexpectedAnswer, match="bytes"):
        client.health()


def test_a_service_that_is_not_there_cannot_have_got_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sent` is what a caller needs to know before trying otherwise."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = Client(f"http://127.0.0.1:{taken.getsockname()[1]}", TOKEN)
        with client, pytest.raises(Unreachable, match="cannot be reached") as unreachable:
            client.health()

    assert not unreachable.value.sent


def test_tokens_and_addresses_that_cannot_be_right_are_refused_at_once() -> None:
    """A token with its quotes or a line's end would go out as another header."""
    with pytest.raises(ValueError, match="token"):
        Client("https://api.example.com", '"eyJ"\n')
    with pytest.raises(ValueError, match="api_url"):
        Client("api.example.com", TOKEN)


def test_a_proxy_of_the_environment_is_used(
    gateway: Gateway, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People sit behind them; the way to plain http goes through as an absolute URL."""
    monkeypatch.setenv("http_proxy", gateway.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Client("http://punctual.example.com", TOKEN) as client, pytest.raises(Problem):
        client.job("job_1")

    assert gateway.seen[0][1] == "http://punctual.example.com/v1/jobs/job_1"


def test_what_runs_on_this_machine_is_asked_without_a_proxy(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """T16: a proxy would read the token, and its 127.0.0.1 is another."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Client(gateway.url, TOKEN, retries=0) as client:
        assert client.me().owner == OWNER


def test_errors_hold_no_token(gateway: Gateway) -> None:
    """What ends up in logs is what exceptions say."""
    with Client(gateway.url, "s3cret-token") as client, pytest.raises(Problem) as refused:
        client.me()

    assert "s3cret" not in f"{refused.value!r}{refused.value}{vars(refused.value)}"
