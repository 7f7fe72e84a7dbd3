"""The client before answers that the service never gives: each ends in an exception of the client's own tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from punctual import Client, Problem, PunctualError, ServiceFailed, TooManyRequests, UnexpectedAnswer, Unreachable
from tests.client.gateway import TOKEN, Canned, Gateway

URL = "https://hooks.example.com/run"


@pytest.mark.parametrize("value", ["soon", "1.5", "-5", "", "9" * 5_000, "Fri, 31 Feb 99999 25:00:00 GMT"])
def test_a_retry_after_that_is_none_counts_as_none(client: Client, gateway: Gateway, value: str) -> None:
    """Gateways on the way write what they like; the pauses are the client's own then."""
    gateway.troubles += [Canned(503, b'{"code":"unavailable"}', {"retry-after": value})] * 5
    with pytest.raises(ServiceFailed) as failed:
        client.me()
    assert (failed.value.code, failed.value.retry_after, len(gateway.seen)) == ("unavailable", None, 5)

    gateway.troubles.append(Canned(422, b'{"code":"range"}', {"retry-after": value}))
    with pytest.raises(Problem) as refused:
        client.me()
    assert (refused.value.code, refused.value.retry_after) == ("range", None)


@pytest.mark.parametrize("act", [lambda client: client.test(URL), lambda client: client.rotate_signing_secret()])
def test_a_time_to_come_back_is_no_leave_to_do_it_twice(
    client: Client, gateway: Gateway, act: Callable[[Client], Any]
) -> None:
    """The service was away when it answered, and may have done it all the same: two rotations end a secret."""
    gateway.troubles.append(Canned(503, b'{"code":"unavailable"}', {"retry-after": "2"}))
    with pytest.raises(ServiceFailed) as failed:
        act(client)
    assert (failed.value.retry_after, len(gateway.seen)) == (2, 1)


def test_what_was_refused_for_its_number_may_be_sent_again(client: Client, gateway: Gateway) -> None:
    """429 says that nothing was done."""
    gateway.troubles += [Canned(429, b"{}", {"retry-after": "1"})] * 9
    with pytest.raises(TooManyRequests):
        client.rotate_signing_secret()
    assert len(gateway.seen) == 5


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b'{"jobs": null, "next_cursor": null}',
        b'{"jobs": [], "damaged": 5, "next_cursor": null}',
        b'{"jobs": [{"id": 1}], "next_cursor": null}',
        b'{"jobs": []}',
        b"[" * 200_000,
        b'{"jobs": "\xff"}',
    ],
)
def test_a_list_of_somebody_else_is_told_as_such(client: Client, gateway: Gateway, content: bytes) -> None:
    """Also while it is gone through."""
    gateway.troubles.append(Canned(200, content))
    with pytest.raises(UnexpectedAnswer, match="address"):
        list(client.jobs())


@pytest.mark.parametrize("errors", [b"null", b"5", b'{"field": "at"}', b"[1, null]"])
def test_errors_of_another_form_are_passed_over(client: Client, gateway: Gateway, errors: bytes) -> None:
    """Other services speak of `errors` too. The status counts."""
    gateway.troubles.append(Canned(422, b'{"errors": ' + errors + b"}"))
    with pytest.raises(Problem) as refused:
        client.me()
    assert (refused.value.status, refused.value.faults) == (422, ())


def test_a_key_is_revoked_when_the_service_says_so(client: Client, gateway: Gateway) -> None:
    """Nobody is to believe it because a page came back."""
    gateway.troubles.append(Canned(200, b"{}"))
    with pytest.raises(UnexpectedAnswer):
        client.delete_key("5f0c2a91d7e84b36")


def test_an_answer_that_cannot_be_unpacked_did_come(client: Client, gateway: Gateway) -> None:
    """It is not the network's fault."""
    gateway.troubles.append(Canned(200, b"no gzip", {"content-encoding": "gzip"}))
    with pytest.raises(UnexpectedAnswer, match="address"):
        client.me()


def test_an_answer_longer_than_any_of_the_service_is_told_as_such(
    client: Client, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download that happens to be JSON is none of the service's."""
    monkeypatch.setattr("punctual.transport.LONGEST_ANSWER_BYTES", 1_000)
    gateway.troubles.append(Canned(200, b'{"owner": "' + b"a" * 1_000 + b'"}'))
    with pytest.raises(UnexpectedAnswer, match="bytes"):
        client.me()


def test_what_never_left_is_told_to_have_never_left(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sent` decides whether a caller may try otherwise: no proxy there, no such port, no certificate to believe."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with Client("http://punctual.example.com", TOKEN, retries=0) as client, pytest.raises(Unreachable) as no_proxy:
        client.me()
    with Client("http://127.0.0.1:99999", TOKEN) as client, pytest.raises(Unreachable) as no_port:
        client.me()

    assert (no_proxy.value.sent, no_port.value.sent) == (False, False)


def test_what_keeps_a_service_from_being_reached_is_told_in_words(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as urllib3 writes its objects; and what only reads leaves nobody in doubt about what was done."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    places = {
        "http://127.0.0.1:9": "connection refused.",
        "http://punctual.invalid": "its name leads to no address.",
        gateway.url.replace("http:", "https:"): "it does not speak TLS as it should, ",
        "https://punctual.example.com": "no connection to the proxy, connection refused.",
    }
    for place, words in places.items():
        with Client(place, TOKEN, retries=0) as client:
            with pytest.raises(Unreachable, match=f"^{place} cannot be reached: {words}") as reading:
                client.me()
            with pytest.raises(Unreachable) as changing:
                client.schedule(URL, delay=1)
        assert (reading.value.reads, changing.value.reads) == (True, False)


def test_every_exception_is_of_the_tree(client: Client, gateway: Gateway) -> None:
    """A loop that catches PunctualError catches whatever an answer can be."""
    acts: list[Callable[[], Any]] = [
        client.me,
        client.keys,
        client.targets,
        client.stats,
        client.criteria,
        client.signing_secret,
        lambda: client.job("job_1"),
        lambda: client.validate(URL),
        lambda: client.test(URL),
        lambda: client.schedule_many([{"url": URL, "delay": 1}]),
    ]
    for content in (b"", b"5", b"null", b'"text"', b"[[]]", b'{"results": [5], "keys": [5], "targets": 5}'):
        for act in acts:
            gateway.troubles.append(Canned(200, content))
            with pytest.raises(PunctualError):
                act()
    assert not gateway.troubles
