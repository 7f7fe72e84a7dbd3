"""The running service is what it says of itself, also where nobody thought of asking."""

from __future__ import annotations

import pytest

from description.document import document
from tests.fuzz.fuzzing import fuzz
from tests.live.deployed_stack import DeployedStack

pytestmark = pytest.mark.live

SECONDS, SEED = 75, 7


def test_what_is_shown_is_the_description_of_this_code(stack: DeployedStack) -> None:
    """To everybody, as it was packed."""
    assert stack.call("GET", "/openapi.json", token="").body == document()


def test_requests_that_nobody_thought_of_are_answered_as_described(stack: DeployedStack) -> None:
    """schemathesis with all its checks, as a user of its own: no 5xx, nothing that is not described, no request that
    breaks the description and is taken, none without a token that is. `make fuzz` goes on for longer."""
    found = fuzz(stack.api_url, stack.sign_in("fuzz@example.com").token, seconds=SECONDS, seed=SEED)

    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr
    assert "Fuzzing" in found.stdout
