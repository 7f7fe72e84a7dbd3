"""The service behind the functions that callers reach; every answer of theirs is as the OpenAPI document says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lambdas.handlers import api, check
from lambdas.handlers.front import respond
from tests.described import check_answer
from tests.handlers.checks import stand_in
from tests.handlers.recorded import Service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """What the functions `api` and `check` are given: fakes, which a test may look into."""
    return stand_in(monkeypatch)


@pytest.fixture(autouse=True)
def _answers_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (api, check):
        monkeypatch.setattr(module, "respond", _described(respond))


def _described(respond: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def checked(event: dict[str, Any], *others: Any) -> dict[str, Any]:
        answer = respond(event, *others)
        check_answer(event, answer)
        return answer

    return checked
