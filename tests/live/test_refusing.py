"""What cannot be done is refused with what would be right, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.deployed_stack import DeployedStack

pytestmark = pytest.mark.live

SOON: dict[str, Any] = {"url": "https://hooks.example.com/run", "delay_seconds": 3_600}


@pytest.mark.parametrize(
    ("document", "status", "field", "code"),
    [
        ({"delay_seconds": 60}, 422, "url", "required"),
        ({"url": SOON["url"]}, 422, "at", "when_required"),
        ({**SOON, "url": "http://169.254.169.254/latest/meta-data/"}, 422, "url", "url_address_denied"),
        ({**SOON, "url": "http://10.0.0.5/"}, 422, "url", "url_address_denied"),
        ({"url": SOON["url"], "at": "2020-01-01T00:00:00Z"}, 422, "at", "at_past"),
        ({**SOON, "colour": "blue"}, 422, "colour", "unknown_field"),
    ],
)
def test_a_document_with_a_fault_is_refused_by_name_and_leaves_nothing_behind(
    stack: DeployedStack, document: dict[str, Any], status: int, field: str, code: str
) -> None:
    """The problem says which field, which code and what would be right; the list of jobs stays as it was."""
    stranger = stack.sign_in(f"refused-{code}@example.com")

    refused = stack.call("POST", "/v1/jobs", document, token=stranger.token)

    assert refused.status == refused.body["status"] == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.body["code"] == code and refused.body["detail"] and refused.body["request_id"]
    assert [(fault["field"], fault["code"]) for fault in refused.body["errors"]] == [(field, code)]
    assert stack.call("GET", "/v1/jobs", token=stranger.token).body == {"jobs": [], "next_cursor": None}


def test_bad_json_is_refused(stack: DeployedStack) -> None:
    """400, and it is said that it is no JSON."""
    refused = stack.call("POST", "/v1/jobs", content=b"{'url': 1}", headers={"content-type": "application/json"})

    assert refused.status == 400 and refused.body["code"] == "invalid_json"


def test_without_a_token_the_gateway_refuses_by_itself(stack: DeployedStack) -> None:
    """T6. None of our functions is asked."""
    refused = stack.call("POST", "/v1/jobs", SOON, token="")

    assert refused.status == 401 and refused.body == {"message": "Unauthorized"}


@pytest.mark.parametrize("token", ["nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."])
def test_a_wrong_token_gets_nowhere(stack: DeployedStack, token: str) -> None:
    """T6. What is none at all, and one that says of itself that it needs no signature."""
    refused = stack.call("POST", "/v1/jobs", SOON, token=token)

    assert refused.status == 401 and refused.body["code"] == "unauthenticated"
    assert refused.headers["www-authenticate"] == "Bearer"


def test_an_altered_token_gets_nowhere(stack: DeployedStack) -> None:
    """T6. A signature holds for what was signed only."""
    head, claims, signature = stack.token.split(".")
    altered = ".".join((head, claims, signature[:-8] + signature[-8:][::-1]))

    assert stack.call("GET", "/v1/jobs", token=altered).status == 401


def test_paths_and_methods_that_are_not_there_say_what_is(stack: DeployedStack) -> None:
    """404 for a path, 405 with the methods of one that is there, both in our form."""
    nowhere = stack.call("GET", "/v1/nothing")
    wrong = stack.call("PUT", "/v1/jobs", SOON)

    assert (nowhere.status, nowhere.body["code"]) == (404, "not_found")
    assert (wrong.status, wrong.body["code"], wrong.headers["allow"]) == (
        405,
        "method_not_allowed",
        "GET, HEAD, OPTIONS, POST",
    )


def test_the_service_says_that_it_is_well_to_everybody(stack: DeployedStack) -> None:
    """No token is needed for the question."""
    healthy = stack.call("GET", "/health", token="")

    assert healthy.status == 200 and healthy.body["status"] == "ok"
