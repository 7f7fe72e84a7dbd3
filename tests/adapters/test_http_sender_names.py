"""Looking a name up without sending anything: the guard's verdict on every address that the resolver gives."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import pytest

from lambdas.adapters.http_sender import HttpSender
from lambdas.adapters.precise_clock import PreciseSystemClock
from lambdas.jobs.addresses import AddressPolicy
from lambdas.jobs.errors import ValueRefused

PUBLIC, INSIDE = "93.184.216.34", "169.254.169.254"


def no_dial(ip: str, port: int, seconds: float) -> Any:
    raise AssertionError(f"{ip}:{port} was connected to, within {seconds} s")


def names(*answers: str | Exception) -> HttpSender:
    """A sender whose resolver gives these addresses, or raises, and that may connect to nothing."""

    def resolver(host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return [(socket.AF_INET, type, 6, "", (answer, port)) for answer in answers]

    return HttpSender(policy=AddressPolicy(), clock=PreciseSystemClock(), resolver=resolver, dial=no_dial)


def test_a_name_that_leads_to_public_addresses_may_be_called() -> None:
    names(PUBLIC, "2606:2800:220:1:248:1893:25c8:1946").check("https://example.com/path?query")


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([INSIDE], "address_denied"),
        ([PUBLIC, INSIDE], "address_denied"),
        ([PUBLIC, "::1"], "address_denied"),
        ([], "name_not_found"),
        ([socket.gaierror(socket.EAI_NONAME, "no")], "name_not_found"),
        ([socket.gaierror(socket.EAI_AGAIN, "later")], "name_not_found"),
    ],
)
def test_any_other_is_refused_with_the_code_that_an_attempt_would_have(answers: list[Any], code: str) -> None:
    """T2: one inside address among several refuses the name; and none is told to whoever asks."""
    with pytest.raises(ValueRefused) as refused:
        names(*answers).check("https://example.com/")
    assert refused.value.code == code
    assert INSIDE not in refused.value.message


def test_a_port_that_may_not_be_called_is_refused() -> None:
    with pytest.raises(ValueRefused, match="must not be called"):
        names(PUBLIC).check("https://example.com:22/")
