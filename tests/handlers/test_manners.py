"""HTTP's manners, whatever the answer says."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from typing import Any

import pytest

from lambdas.handlers import api
from tests.examples import a_job, new_id
from tests.handlers.recorded import Service, event

ADA = "0e3c9a54-3061-70a2-9f1c-5a3b8a7d2c11"


@pytest.fixture
def path(service: Service) -> str:
    """Where a job is."""
    return f"/v1/jobs/{service.store.add(a_job(owner=ADA)).id}"


def ask(method: str, path: str, **headers: str) -> dict[str, Any]:
    asked = event("http_api")
    asked["rawPath"], asked["rawQueryString"], asked["body"] = path, "", ""
    asked["requestContext"]["http"].update(method=method, path=path)
    asked["headers"].update({name.replace("_", "-"): value for name, value in headers.items()})
    answer: dict[str, Any] = api.handler(asked, None)
    return answer


def test_a_read_that_has_not_changed_is_304_and_nothing_else(path: str) -> None:
    """The tag is the job's version; a list, which has none, is known by its content."""
    for read in (path, "/v1/jobs"):
        first = ask("GET", read)
        tag = first["headers"]["etag"]

        again = ask("GET", read, if_none_match=f'"other", {tag}')

        assert (again["statusCode"], again["body"], again["headers"]["etag"]) == (304, "", tag)
        assert "content-type" not in again["headers"] and again["headers"]["cache-control"] == "no-store"
        assert ask("GET", read, if_none_match='"other"')["statusCode"] == 200
        assert ask("GET", read, if_none_match="*")["statusCode"] == 304


def test_what_has_changed_is_read_anew(path: str, service: Service) -> None:
    """A new job is in the list, so the list's tag is another."""
    tag = ask("GET", "/v1/jobs")["headers"]["etag"]
    service.store.add(a_job(owner=ADA))

    assert ask("GET", "/v1/jobs", if_none_match=tag)["statusCode"] == 200


def test_a_change_is_not_asked_by_if_none_match(path: str) -> None:
    """304 is an answer to reads only."""
    assert ask("DELETE", path, if_none_match="*")["statusCode"] == 200


def test_head_gets_what_get_would_without_the_body(path: str) -> None:
    """The same status and headers, also for what is not there."""
    for read in (path, f"/v1/jobs/{new_id()}", "/health"):
        got, head = ask("GET", read), ask("HEAD", read)
        assert head == {**got, "body": ""}


def test_options_tells_what_a_path_takes(path: str) -> None:
    """Without a body, and without touching anything."""
    asked = ask("OPTIONS", path)

    assert (asked["statusCode"], asked["body"]) == (204, "")
    assert asked["headers"]["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert ask("OPTIONS", "/v1/elsewhere")["statusCode"] == 404


def test_what_is_long_is_compressed_for_those_who_take_it(service: Service) -> None:
    """The same JSON, a fraction of its length; what fits in a packet stays as it is."""
    for _ in range(10):
        service.store.add(a_job(owner=ADA))
    plain = ask("GET", "/v1/jobs")

    packed = ask("GET", "/v1/jobs", accept_encoding="br;q=1.0, gzip;q=0.8, *;q=0.1")

    assert packed["isBase64Encoded"] and packed["headers"]["content-encoding"] == "gzip"
    content = b64decode(packed["body"])
    assert gzip.decompress(content).decode() == plain["body"] and len(content) * 4 < len(plain["body"])
    assert packed["headers"]["vary"] == plain["headers"]["vary"] == "accept-encoding"
    for refusing in ("", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0, br", "*, gzip;q=0", "gzip;q=0, *"):
        assert "content-encoding" not in ask("GET", "/v1/jobs", accept_encoding=refusing)["headers"]
    for taking in ("*", "*;q=0, gzip", "identity, GZIP ; q=0.1", "x-gzip;q=0, gzip"):
        assert ask("GET", "/v1/jobs", accept_encoding=taking)["headers"]["content-encoding"] == "gzip"
    assert "content-encoding" not in ask("GET", "/health", accept_encoding="gzip")["headers"]


def test_the_callers_request_id_comes_back_and_is_in_the_log(service: Service) -> None:
    """Beside the gateway's own, which stays the problem's: both logs lead to the same request."""
    own = event("http_api")["requestContext"]["requestId"]
    accepted = event("http_api")
    accepted["headers"]["x-request-id"] = "7f3a:checkout/1"

    answer = api.handler(accepted, None)

    assert answer["headers"]["x-request-id"] == "7f3a:checkout/1"
    (told,) = service.journal.of("accepted")
    assert (told["request_id"], told["client_request_id"]) == (own, "7f3a:checkout/1")
    assert json.loads(ask("GET", "/nowhere", x_request_id="mine")["body"])["request_id"] == own


@pytest.mark.parametrize("forged", ["", "a b", "x" * 129, "näh", 'id"}\x1b[31m', "{}"])
def test_a_request_id_that_could_harm_a_log_is_not_taken_over(service: Service, forged: str) -> None:
    """The gateway's own stands in its place."""
    answer = ask("GET", "/health", x_request_id=forged)

    assert answer["headers"]["x-request-id"] == event("http_api")["requestContext"]["requestId"]
