"""Lift: an owner takes back what is held against one of their targets, a pause or a denial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.jobs.errors import Fault, RequestRefused, TargetNotFound
from lambdas.jobs.target import State

if TYPE_CHECKING:
    from lambdas.jobs.ports import Targets


def check_lift(document: Mapping[str, Any]) -> None:
    """Lifting is all that a target's owner can ask for: `{"state": "allowed"}`. Raises RequestRefused."""
    faults = [
        Fault(name[:200], "unknown_field", "There is no such field; a target takes state.")
        for name in document
        if name != "state"
    ]
    state = document.get("state")
    if "state" not in document:
        faults.append(Fault("state", "required", 'Say what the target is to be: {"state": "allowed"}.'))
    elif not isinstance(state, str):
        faults.append(Fault("state", "type", 'The state must be the text "allowed".'))
    elif state != State.ALLOWED:
        message = 'The state can only be set to "allowed": to stop jobs, cancel them.'
        faults.append(Fault("state", "range", message))
    if faults:
        raise RequestRefused(422, "Invalid request", faults)


def lift(owner: str, host: str, *, targets: Targets) -> None:
    """Let the owner's jobs call the host again. Workers follow within seconds; jobs that were put off keep their new
    times. Raises TargetNotFound if nothing is held against it."""
    if not targets.lift(owner, host):
        raise TargetNotFound
