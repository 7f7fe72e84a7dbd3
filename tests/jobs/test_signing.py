"""The signature (T15), checked as receivers check it: by the library of Standard Webhooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from lambdas.jobs.sending import OutgoingRequest
from lambdas.jobs.signing import KEY_BYTES, OVERLAP_MS, SigningSecret, is_secret, signed
from tests.fakes import NOW_MS

BODY = b'{"a": 1, "b": "\xc3\xa4"}'
FIRST = SigningSecret.of_key(b"1" * KEY_BYTES, now_ms=NOW_MS)
SECOND = FIRST.rotated(b"2" * KEY_BYTES, now_ms=NOW_MS)
THIRD = SECOND.rotated(b"3" * KEY_BYTES, now_ms=NOW_MS + 1)
TOLERANCE_MS = 300_000
"""How far a receiver's clock may be from the timestamp, in the library."""


def sent(secret: SigningSecret, *, body: bytes | None = BODY, at_ms: int = NOW_MS) -> dict[str, str]:
    """The headers of a request that was signed for this instant."""
    request = OutgoingRequest("POST", "https://example.com/", headers=(("X-A", "1"),), body=body)
    return dict(signed(request, secret, message_id="job_1", at_ms=at_ms).headers)


def accepted(secret: str, headers: dict[str, str], *, body: bytes = BODY, now_ms: int = NOW_MS) -> bool:
    """Whether a receiver with this secret takes the request."""
    with time_machine.travel(datetime.fromtimestamp(now_ms / 1000, UTC), tick=False):
        try:
            Webhook(secret).verify(body, headers, json_parse=False)
        except WebhookVerificationError:
            return False
    return True


def test_a_receiver_with_the_secret_takes_the_request() -> None:
    """And one with another secret does not."""
    assert accepted(FIRST.current, sent(FIRST))
    assert not accepted(SECOND.current, sent(FIRST))


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of https://www.standardwebhooks.com, so that library and service cannot be wrong together."""
    secret = SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0)
    request = OutgoingRequest("POST", "https://example.com/", headers=(), body=b'{"test": 2432232314}')
    headers = dict(signed(request, secret, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at_ms=1_614_265_330_000).headers)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_signature_comes_behind_all_other_headers() -> None:
    """In the order of docs/api.md."""
    assert list(sent(FIRST)) == ["X-A", "webhook-id", "webhook-timestamp", "webhook-signature"]


@pytest.mark.parametrize(
    "change",
    [
        lambda headers, body: (headers, body + b" "),
        lambda headers, body: (headers, b""),
        lambda headers, body: ({**headers, "webhook-id": "job_2"}, body),
        lambda headers, body: ({**headers, "webhook-timestamp": str(NOW_MS // 1000 + 1)}, body),
        lambda headers, body: ({**headers, "webhook-signature": "v1," + "A" * 43 + "="}, body),
    ],
    ids=["more body", "no body", "another id", "another time", "another signature"],
)
def test_a_request_that_was_changed_is_refused(change: Callable[[Any, bytes], tuple[Any, bytes]]) -> None:
    """T15: the signature covers id, time and body."""
    assert accepted(FIRST.current, sent(FIRST))
    headers, body = change(sent(FIRST), BODY)
    assert not accepted(FIRST.current, headers, body=body)


@pytest.mark.parametrize("late_ms", [TOLERANCE_MS + 1_000, -TOLERANCE_MS - 1_000])
def test_a_request_that_is_played_back_later_is_refused(late_ms: int) -> None:
    """T15: its timestamp is signed, and receivers look at it. Five minutes is the library's patience."""
    headers = sent(FIRST)
    assert accepted(FIRST.current, headers, now_ms=NOW_MS + (TOLERANCE_MS if late_ms > 0 else -TOLERANCE_MS))
    assert not accepted(FIRST.current, headers, now_ms=NOW_MS + late_ms)


@pytest.mark.parametrize("ms", [0, 1, 999])
def test_the_time_is_in_whole_seconds(ms: int) -> None:
    """Cut, not rounded: nothing is said to be sent later than it was."""
    headers = sent(FIRST, at_ms=1_790_000_000_000 + ms)
    assert headers["webhook-timestamp"] == "1790000000"


def test_no_body_is_signed_as_an_empty_one() -> None:
    """On the wire nobody can tell them apart."""
    assert sent(FIRST, body=None) == sent(FIRST, body=b"")
    assert accepted(FIRST.current, sent(FIRST, body=None), body=b"")


@given(body=st.text(), key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_any_body_and_any_key_are_signed_as_the_library_does(body: str, key: bytes) -> None:
    """Byte by byte."""
    secret = SigningSecret.of_key(key, now_ms=NOW_MS)
    assert accepted(secret.current, sent(secret, body=body.encode()), body=body.encode())


class TestRotation:
    def test_both_secrets_sign_during_the_overlap(self) -> None:
        """T15: a receiver may change over at any time in these 24 hours."""
        headers = sent(SECOND, at_ms=NOW_MS + OVERLAP_MS - 1)
        now_ms = NOW_MS + OVERLAP_MS
        assert accepted(SECOND.current, headers, now_ms=now_ms) and accepted(FIRST.current, headers, now_ms=now_ms)
        assert len(headers["webhook-signature"].split(" ")) == 2

    def test_the_previous_secret_signs_no_more_when_its_time_is_over(self) -> None:
        """T15. To the millisecond."""
        now_ms = NOW_MS + OVERLAP_MS
        headers = sent(SECOND, at_ms=now_ms)
        assert accepted(SECOND.current, headers, now_ms=now_ms)
        assert not accepted(FIRST.current, headers, now_ms=now_ms)
        assert " " not in headers["webhook-signature"]

    def test_of_three_secrets_the_oldest_signs_no_more(self) -> None:
        """A rotation inside the overlap of another ends that overlap; its own goes on for the whole time."""
        headers = sent(THIRD)
        assert [accepted(secret.current, headers) for secret in (THIRD, SECOND, FIRST)] == [True, True, False]
        assert THIRD.previous_expires_at_ms == NOW_MS + 1 + OVERLAP_MS

    def test_the_newest_signs_first(self) -> None:
        """So that a receiver who looks at the first signature only is one who has changed over."""
        first, _, _ = sent(SECOND)["webhook-signature"].partition(" ")
        assert accepted(SECOND.current, {**sent(SECOND), "webhook-signature": first})

    def test_a_secret_that_never_was_rotated_has_nothing_beside_it(self) -> None:
        """One signature."""
        assert not FIRST.overlaps(NOW_MS)
        assert " " not in sent(FIRST)["webhook-signature"]


def test_a_secret_shows_in_no_text_of_it() -> None:
    """T7: log lines and tracebacks quote values."""
    text = f"{SECOND} {SECOND!r}"
    assert SECOND.current not in text
    assert FIRST.current not in text
    assert "whsec_" not in text


@pytest.mark.parametrize("secret", [FIRST.current, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_what_is_a_secret(secret: str) -> None:
    """Base64, with and without padding behind it."""
    assert is_secret(secret)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_AAA", "whsec_A===", "AAAA", "whsec_AAAA\n", "whsec_ÄAAA", " whsec_AAAA"]
)
def test_what_is_none(text: str) -> None:
    """No garbage becomes a key."""
    assert not is_secret(text)
