"""The rules for header fields: users' for their target, and `Idempotency-Key` for ourselves."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.errors import RequestRefused
from lambdas.jobs.headers import check_idempotency_key, header_faults, is_denied, is_name, is_secret, is_value


def codes(headers: dict[str, object], *secret_headers: str) -> list[str]:
    faults = list(header_faults(headers, secret_headers))
    assert {fault.field for fault in faults} <= {"headers"}
    return [fault.code for fault in faults]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain; charset=utf-8", "X-Empty": "", "X_Odd!#$%&'*+.^`|~": "1"},
        {"X-Tab": "a\tb", "X-Latin": "caf\u00e9 \u00ff", "X-Inner": "a  b"},
        {"Idempotency-Key": "my-own", "Authorization": "Bearer x", "Cookie": "a=b", "Accept": "*/*", "Date": "today"},
        {"X-Webhook": "1", "Hosts": "1", "Proxy": "1", "Via": "1", "Referer": "https://example.com/", "Origin": "x"},
        {f"X-{number}": "v" for number in range(64)},
        {"X": "v" * (16 * 1024 - 1)},
    ],
)
def test_headers_of_the_users_own_are_taken(headers: dict[str, object]) -> None:
    """Tokens as names, Latin-1 as values, within the limits."""
    assert codes(headers) == []


@pytest.mark.parametrize(
    "name", ["", " ", "X A", "X-A ", " X-A", "X:A", "X-\u00e9", "X\n", "X\t", "(X)", '"X"', "X/A", "\uff38"]
)
def test_names_are_tokens(name: str) -> None:
    """RFC 9110, 5.6.2. Not echoed: people paste whole header lines, secrets and all."""
    (fault,) = header_faults({name: "a"})
    assert fault.code == "header_name"
    assert not is_name(name)
    if name.strip():
        assert name not in fault.message


@pytest.mark.parametrize(
    "value",
    [
        " a",
        "a ",
        "\ta",
        "a\t",
        "\u00a0a",
        "a\u00a0",
        "a\nb",
        "a\r\n b",
        "a\0b",
        "\x7f",
        "\x1b[31m",
        "a\x85b",
        "\u20ac",
        "\u0100",
    ],
)
def test_values_are_latin_1_without_controls_and_outer_blanks(value: str) -> None:
    """Those above ASCII too: to some parsers \\x85 ends a line. The value is not echoed."""
    (fault,) = header_faults({"X-A": value})
    assert fault.code == "header_value"
    assert not is_value(value)


@pytest.mark.parametrize("value", [None, True, 1, 1.5, [], ["a"], {}])
def test_values_are_strings(value: object) -> None:
    """Nothing is converted."""
    assert codes({"X-A": value}) == ["header_type"]


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "connection", "KEEP-ALIVE", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer"),
        *("Transfer-Encoding", "Upgrade", "Expect", "Content-Length", "HTTP2-Settings", "User-Agent", "Forwarded"),
        *("X-Forwarded-For", "x-forwarded-host", "X-Real-IP", "X-Amz-Security-Token", "Accept-Encoding"),
        *("webhook-id", "Webhook-Signature", "Punctual-Job-Id", "punctual-anything"),
        *("X_Forwarded_For", "Content_Length", "transfer_encoding", "X-Forwarded_For"),
    ],
)
def test_headers_that_are_not_the_users_to_set_are_refused(name: str) -> None:
    """Also with underscores, which servers behind CGI and WSGI take for hyphens (threat T4)."""
    assert codes({name: "a"}) == ["header_denied"]
    assert is_denied(name)


def test_names_have_no_case() -> None:
    """Two spellings of one name are one name."""
    assert codes({"X-A": "1", "x-a": "2", "X-B": "3"}) == ["header_duplicate"]


def test_too_much_is_told_once() -> None:
    """Over 64, or over 16 KB of names and values."""
    assert codes({f"X-{number}": "" for number in range(65)}) == ["headers_too_large"]
    assert codes({"X": "v" * (16 * 1024)}) == ["headers_too_large"]


def test_every_bad_header_is_told() -> None:
    """One fault for each, in their order."""
    headers = {"Host": "a", "X A": "b", "X-C": 1, "X-D": "\n", "X-E": "fine", "x-e": "double"}
    assert codes(headers) == ["header_denied", "header_name", "header_type", "header_value", "header_duplicate"]


def test_a_redacted_value_is_not_taken_for_the_secret() -> None:
    """Who reads a job, changes it and sends it back would overwrite the secret with its placeholder."""
    assert codes({"Authorization": "[redacted]"}) == ["header_value"]
    assert codes({"X-Own": "[redacted]"}, "x-own") == ["header_value"]
    assert codes({"X-Plain": "[redacted]"}) == []


def test_no_message_repeats_a_value() -> None:
    """Whatever is wrong with it (threat T7)."""
    headers = {
        "Host": "s3cret",
        "X A": "s3cret",
        "X-D": "s3cret\n",
        "X-E": "s3cret",
        "x-e": "s3cret",
        "X-F": ["s3cret"],
    }
    assert "s3cret" not in " ".join(fault.message for fault in header_faults(headers))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Authorization",
            "COOKIE",
            "Set-Cookie",
            "X-Api-Key",
            "x_api_key",
            "ApiKey",
            "Proxy-Authorization",
            "Proxy-X",
        ),
        *("X-Auth-Token", "X-Gitlab-Token", "X-Vault-Token", "X-Client-Secret", "X-Amz-Authorization", "X-Password"),
    ],
)
def test_headers_that_carry_secrets_are_known_by_name(name: str) -> None:
    """Those of the API, and what else says so of itself."""
    assert is_secret(name)


@pytest.mark.parametrize("name", ["Content-Type", "Accept", "X-Trace", "Author", "Idempotency-Key", "ETag", "X-Key-Id"])
def test_other_headers_are_no_secrets_unless_named_so(name: str) -> None:
    """`secret_headers` names more, in any case."""
    assert not is_secret(name)
    assert is_secret(name, ["x-other", name.upper()])


@pytest.mark.parametrize(
    "key", ["a", "a b", "8e03978e-40d5-43e8-bc93-6894a57f9324", '"quoted"', "k" * 255, "~!@#$%^&*()", "\\", None]
)
def test_idempotency_keys_are_printable_ascii(key: str | None) -> None:
    """1 to 255 characters; the header may be missing."""
    check_idempotency_key(key)


@pytest.mark.parametrize(
    "key", ["", " ", " a", "a ", "a,b", ",", "a, a", "a\tb", "a\n", "\x7f", "\u00e9", "k" * 256, "\uff41"]
)
def test_other_idempotency_keys_are_refused(key: str) -> None:
    """400; a comma is how the gateway joins a header that was sent twice."""
    with pytest.raises(RequestRefused) as refused:
        check_idempotency_key(key)
    assert (refused.value.status, refused.value.code) == (400, "idempotency_key_invalid")
    assert refused.value.faults[0].field == "Idempotency-Key"


@given(st.text(string.printable + "\x85\xa0\xff\u2028é", max_size=20), st.text(max_size=20))
def test_a_header_that_is_taken_stays_one_header(name: str, value: str) -> None:
    """On the wire it is one line, and reads back as it was written."""
    if not codes({name: value}):
        line = f"{name}: {value}".encode("latin-1").decode("latin-1")
        assert line.splitlines() == [line]
        read_name, _, read_value = line.partition(":")
        assert (read_name, read_value.strip()) == (name, value)
