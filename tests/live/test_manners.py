"""HTTP's manners through the whole way: gateway, function and back. What each means is for tests/handlers to say."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.live.deployed_stack import DeployedStack, eventually

pytestmark = pytest.mark.live

FAR: dict[str, Any] = {"url": "https://hooks.example.com/run", "at": "2099-01-01T00:00:00Z"}
ORIGIN = {"origin": "https://console.example.com"}


def test_a_new_job_says_where_it_is_and_at_which_version(stack: DeployedStack) -> None:
    """The address can be followed as it stands, also that of a copy; `ETag` is what `If-Match` takes."""
    made = stack.call("POST", "/v1/jobs", FAR)
    where, tag = made.headers["location"], made.headers["etag"]
    assert _read(stack, where).json() == made.body

    changed = stack.call("PATCH", f"/v1/jobs/{made.body['id']}", {"name": "second"}, headers={"if-match": tag})
    late = stack.call("PATCH", f"/v1/jobs/{made.body['id']}", {"name": "third"}, headers={"if-match": tag})
    assert (changed.status, late.status, late.body["code"]) == (200, 412, "version_conflict")
    assert changed.headers["etag"] == _read(stack, where).headers["etag"] != tag

    assert stack.call("DELETE", f"/v1/jobs/{made.body['id']}").status == 200
    again = stack.call("POST", f"/v1/jobs/{made.body['id']}/rerun")
    assert _read(stack, again.headers["location"]).json()["rerun_of"] == made.body["id"]


def test_what_has_not_changed_is_not_sent_again(stack: DeployedStack) -> None:
    """A job, a list and a page alike; a change is seen."""
    token = stack.sign_in("manners@example.com").token
    job = stack.call("POST", "/v1/jobs", FAR, token=token).body["id"]
    for path in (f"/v1/jobs/{job}", "/v1/jobs", "/docs", "/openapi.json"):
        tag = stack.call("GET", path, token=token).headers["etag"]
        again = stack.call("GET", path, token=token, headers={"if-none-match": tag})
        assert (again.status, again.content, again.headers["etag"]) == (304, b"", tag)
        if path.startswith("/v1/"):
            stack.call("PATCH", f"/v1/jobs/{job}", {"name": path}, token=token)
            assert stack.call("GET", path, token=token, headers={"if-none-match": tag}).status == 200


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/me", "/v1/jobs/job_0", "/health", "/docs"])
def test_head_is_what_get_would_be(stack: DeployedStack, path: str) -> None:
    """Status and headers, and no body. Its user has no jobs, whose end between the two would be seen in an `ETag`."""
    token = stack.sign_in("head@example.com").token
    got, head = (stack.call(method, path, token=token) for method in ("GET", "HEAD"))
    same = ("content-type", "cache-control", "etag", "vary")
    assert (head.status, head.content) == (got.status, b"")
    assert {name: head.headers.get(name) for name in same} == {name: got.headers.get(name) for name in same}


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/me", "/v1/signing-secret", "/v1/jobs/job_0", "/nowhere"])
def test_nobody_keeps_what_is_private(stack: DeployedStack, path: str) -> None:
    """Nor takes it for what it is not. What everybody may see may be kept for a while."""
    answer = stack.call("GET", path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert stack.call("GET", "/docs", token="").headers["cache-control"] == "public, max-age=300"


def test_an_exchange_has_the_name_that_its_caller_gave_it(stack: DeployedStack) -> None:
    """In the answer and in the log; without one, or with one that could harm, it has the gateway's."""
    own = stack.call("POST", "/v1/jobs", FAR, headers={"x-request-id": "manners:checkout/1"})
    assert own.headers["x-request-id"] == "manners:checkout/1"
    assert eventually(lambda: "manners:checkout/1" in stack.function_log(), bool, within_seconds=20)
    for headers in ({}, {"x-request-id": "{}"}):
        refused = stack.call("GET", "/v1/jobs/job_0", headers=headers)
        assert refused.headers["x-request-id"] == refused.body["request_id"] != "{}"


def test_what_is_long_is_sent_packed_to_those_who_take_it(stack: DeployedStack) -> None:
    """A page, and an answer made for its reader. `requests` unpacks both."""
    for path in ("/openapi.json", "/v1/criteria"):
        plain, packed = (
            stack.call("GET", path, headers={"accept-encoding": encoding}) for encoding in ("identity", "gzip")
        )
        assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
        assert int(packed.headers["content-length"]) * 3 < len(plain.content)
        assert packed.content == plain.content


def test_a_page_of_another_origin_may_call(stack: DeployedStack) -> None:
    """A browser asks first, without a token; then it may read what it needs to go on."""
    asked = {**ORIGIN, "access-control-request-method": "PATCH", "access-control-request-headers": "authorization"}
    first = requests.options(f"{stack.api_url}/v1/jobs/job_0", headers=asked, timeout=10)
    assert first.status_code == 204
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["access-control-allow-methods"] in ("*", "PATCH")
    allowed = first.headers["access-control-allow-headers"].split(",")
    assert {"authorization", "content-type", "idempotency-key", "if-match", "if-none-match"} <= set(allowed)

    called = stack.call("POST", "/v1/jobs", FAR, headers=ORIGIN)
    assert called.headers["access-control-allow-origin"] == "*"
    shown = called.headers["access-control-expose-headers"].split(",")
    assert {"etag", "location", "retry-after", "x-request-id"} <= set(shown)


def test_pages_are_shown_alone_and_as_they_are(stack: DeployedStack) -> None:
    """By the strictest policy that browsers know, all the way."""
    headers = stack.call("GET", "/docs", token="").headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"] == "max-age=31536000"


def test_a_method_that_a_path_does_not_take_is_told_those_that_it_does(stack: DeployedStack) -> None:
    """Of both functions."""
    for path, allowed in (("/v1/jobs/job_0", "DELETE, GET, HEAD, OPTIONS, PATCH"), ("/v1/test", "OPTIONS, POST")):
        refused = stack.call("PUT", path, FAR)
        assert (refused.status, refused.headers["allow"]) == (405, allowed)


def _read(stack: DeployedStack, address: str) -> requests.Response:
    answer = requests.get(address, headers={"authorization": f"Bearer {stack.token}"}, timeout=10)
    assert answer.status_code == 200, address
    return answer
