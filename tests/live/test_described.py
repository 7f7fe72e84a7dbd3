"""The running service is what it says of itself, also where nobody thought of asking."""

from __future__ import annotations

import re

import pytest
import requests

from description.document import document
from description.words import codes_by_status
from lambdas.handlers.desk import SignIn
from tests.fuzz.fuzzing import fuzz
from tests.live.deployed_stack import DeployedStack

pytestmark = pytest.mark.live

SECONDS, SEED = 75, 7
NOT_A_JOB = {"url": "https://shop.example.com/", "delay_seconds": -1}


def test_what_is_shown_is_the_description_of_this_code(stack: DeployedStack) -> None:
    """To everybody, as it was packed, with where people sign in."""
    shown = stack.call("GET", "/openapi.json", token="").body
    scheme = shown["components"]["securitySchemes"]["sign_in"]
    sign_in = SignIn(scheme["openIdConnectUrl"], scheme["x-client-id"])
    assert shown == document(sign_in)
    assert sign_in.client_id == stack.outputs["UserPoolClientId"]
    assert requests.get(sign_in.configuration_url, timeout=10).json()["issuer"].endswith(stack.outputs["UserPoolId"])


def test_the_type_of_a_problem_leads_to_its_explanation(stack: DeployedStack) -> None:
    """As it stands, whichever function answers and also inside of a batch; on a page that needs no token."""
    alone = [
        stack.call("GET", "/nowhere").body,
        stack.call("POST", "/v1/jobs", NOT_A_JOB).body,
        stack.call("POST", "/v1/test", {"url": "https://localhost/"}).body,
        stack.call("GET", "/v1/me", token="forged").body,
    ]
    (together,) = stack.call("POST", "/v1/jobs/batch", {"jobs": [NOT_A_JOB]}).body["results"]
    problems = [*alone, together["problem"]]
    assert [problem["code"] for problem in problems] == [
        "not_found",
        "range",
        "url_host_single_label",
        "unauthenticated",
        "range",
    ]
    (page,) = {problem["type"].removesuffix(f"#{problem['code']}") for problem in problems}
    shown = requests.get(page, timeout=10)
    assert shown.status_code == 200 and shown.headers["content-type"].startswith("text/html")
    places = set(re.findall(r' id="([^"]+)"', shown.text))
    assert {code for codes in codes_by_status().values() for code in codes} <= places


def test_requests_that_nobody_thought_of_are_answered_as_described(stack: DeployedStack) -> None:
    """schemathesis with all its checks, as a user of its own: no 5xx, nothing that is not described, no request that
    breaks the description and is taken, none without a token that is. `make fuzz` goes on for longer."""
    found = fuzz(stack, seconds=SECONDS, seed=SEED)

    assert found.nothing, found.output[-20_000:]
    assert "Fuzzing" in found.output
    assert found.accepted("POST /v1/jobs") > 0.1, found.shares()  # or it has hardly looked behind the door
