"""Pages about the API: open to everybody, kept by whoever has them until they change."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from description.document import document
from lambdas.handlers import api, pages
from lambdas.handlers.desk import SignIn
from tests.described import written_pages
from tests.handlers.recorded import SIGN_IN, Service, http_event

GZIP = {"accept-encoding": "gzip, deflate, br"}


@pytest.fixture(autouse=True)
def service(service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Service:
    monkeypatch.setattr(pages, "FOLDER", written_pages(tmp_path))
    return service


def ask(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    """As somebody without a token."""
    answer: dict[str, Any] = api.handler(http_event(method, path, owner=None, headers=headers), None)
    return answer


def test_programs_get_the_description() -> None:
    """The document that was packed, with where people sign in, for everybody, packed or not."""
    plain = ask("/openapi.json")
    small = ask("/openapi.json", **GZIP)

    assert plain["statusCode"] == small["statusCode"] == 200
    assert json.loads(plain["body"]) == json.loads(gzip.decompress(b64decode(small["body"]))) == document(SIGN_IN)
    assert plain["headers"]["content-type"] == "application/json" and "content-encoding" not in plain["headers"]
    assert small["headers"]["content-encoding"] == "gzip" and len(small["body"]) < 50_000


def test_where_people_sign_in_may_have_any_name(service: Service) -> None:
    """It comes from a setting, and does not break the document."""
    service.sign_in = SignIn('https://id.example.com/a"b/', "")
    scheme = json.loads(ask("/openapi.json")["body"])["components"]["securitySchemes"]["sign_in"]
    assert (scheme["openIdConnectUrl"], scheme["x-client-id"]) == service.sign_in


def test_what_has_not_changed_is_not_sent_again() -> None:
    """Anybody may keep it for a while, and then ask whether it is still the same."""
    first = ask("/openapi.json", **GZIP)

    again = ask("/openapi.json", **GZIP, **{"if-none-match": first["headers"]["etag"]})

    assert first["headers"]["cache-control"] == "public, max-age=300"
    assert (again["statusCode"], again["body"]) == (304, "")
    assert ask("/openapi.json")["headers"]["etag"] == first["headers"]["etag"]
    assert ask("/openapi.json", "HEAD")["body"] == ""
    assert ask("/openapi.json", "POST")["statusCode"] == 405


def test_nothing_is_asked_of_the_table(service: Service) -> None:
    """A page is read while all else is away."""
    service.store.down = True
    assert ask("/openapi.json")["statusCode"] == 200


def test_people_get_a_page_that_is_shown_as_it_is_and_alone() -> None:
    """No other page may put it into a frame, and nothing from elsewhere gets into it."""
    shown = ask("/docs")

    assert shown["statusCode"] == 200 and shown["body"].startswith("<!doctype html>")
    headers = shown["headers"]
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert headers["referrer-policy"] == "no-referrer" and "max-age=" in headers["strict-transport-security"]


def test_a_page_is_far_below_what_a_function_may_answer() -> None:
    """6 MB for Lambda; a tenth of one is what people wait for on a telephone."""
    sent = ask("/docs", **GZIP)
    assert sent["isBase64Encoded"] and len(sent["body"]) < 100_000
