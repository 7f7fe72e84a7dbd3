"""A user of the deployed stack, who goes by the Python client: what it is answered is held to the description too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from punctual import Attempt, Client, Problem
from tests.described import check_described


def client_of(api_url: str, token: str) -> Client:
    """The client with what it is never given elsewhere: no second try, which would hide a failure of the service."""
    client = Client(api_url, token, timeout=60, retries=0)
    client._transport._pool = _Described(api_url)  # below the client, so that all of its own code is used
    return client


def refusal(ask: Callable[[], object]) -> tuple[int, str]:
    """The status and the code of the problem that a call of the client meets. Fails the test if it meets none."""
    with pytest.raises(Problem) as met:
        ask()
    return met.value.status, met.value.code


def error_code(attempt: Attempt) -> str:
    """Why an attempt did not succeed. Fails the test if it says nothing of that."""
    assert attempt.error is not None, attempt
    return attempt.error.code


class _Described(urllib3.PoolManager):
    """Connections on which every answer must be as the OpenAPI document says."""

    def __init__(self, api_url: str) -> None:
        super().__init__()
        self._base = urlsplit(api_url).path

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> urllib3.BaseHTTPResponse:
        answer = super().request(method, url, *args, **kwargs)
        told = {name.lower(): value for name, value in answer.headers.items()}
        check_described(method, urlsplit(url).path.removeprefix(self._base), answer.status, told, answer.data)
        return answer
