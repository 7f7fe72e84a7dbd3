"""The gateway that these tests put before the functions."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from lambdas.handlers import api
from tests.client.gateway import TOKEN, serving


def test_an_answer_that_is_not_described_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the client makes of it."""

    def undescribed(_event: Any, _context: Any) -> dict[str, Any]:
        return {"statusCode": 299, "headers": {}, "body": ""}

    monkeypatch.setattr(api, "handler", undescribed)
    with pytest.raises(AssertionError, match="GET /v1/me → 299 is not described"), serving() as gateway:
        requests.get(f"{gateway.url}/v1/me", headers={"authorization": f"Bearer {TOKEN}"}, timeout=10)
