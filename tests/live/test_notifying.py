"""Alerts reach the addresses that their owners have confirmed, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from local.user import User
from punctual import Job
from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.target import Reply, Target
from tests.live.user import refusal

pytestmark = pytest.mark.live

ANN, BOB, CY = "ann@example.com", "bob@example.com", "cy@example.com"


def failing(stack: DeployedStack, receiver: Target, user: User, **fields: Any) -> str:
    """The id of a user's job that fails at once; its target's path bears the user's id."""
    path = f"/gone/{user.owner}"
    receiver.answer(path, Reply(410))
    return stack.as_user(user.token).schedule(receiver.url(path), delay=0, **fields).id


def asked(stack: DeployedStack, user: User, email: str) -> Mapping[str, Any]:
    """What the user is shown after asking for an address."""
    return stack.as_user(user.token).set_notify({"email": email}).notify


def told(stack: DeployedStack, email: str, job_id: str, *, within_seconds: float = 20) -> list[str]:
    """The texts of mails to an address that name a job, waiting for the first."""
    return eventually(
        lambda: [mail.text for mail in stack.mails_to(email) if job_id in mail.text],
        bool,
        within_seconds=within_seconds,
    )


def test_a_confirmed_address_gets_the_alerts_of_its_owners_jobs_and_nobody_elses(
    stack: DeployedStack, receiver: Target
) -> None:
    """Asked for, confirmed by its link, told. Bob's failures, and those of Ann's for another address, go elsewhere."""
    ann, bob = stack.sign_in(ANN), stack.sign_in(BOB)

    def told_ann(user: User) -> Job:
        return stack.as_user(user.token).schedule(receiver.url("/"), delay=3_600, notify={"email": ANN})

    assert refusal(lambda: told_ann(ann)) == (422, "email_unconfirmed")

    assert asked(stack, ann, ANN) == {"on": ["failed"], "email": ANN, "addresses": {ANN: "unconfirmed"}}
    (mail,) = stack.mails_to(ANN)
    assert "Confirm" in mail.subject
    stack.follow_last_link(ANN)
    me = stack.as_user(ann.token).me()
    assert (me.owner, me.notify["addresses"]) == (ann.owner, {ANN: "confirmed"})

    second = "ann+jobs@example.com"
    asked(stack, ann, second)
    stack.follow_last_link(second)
    asked(stack, ann, ANN)
    of_ann = failing(stack, receiver, ann, name="purge items")
    of_ann_elsewhere = failing(stack, receiver, ann, notify={"email": second})
    of_bob = failing(stack, receiver, bob)

    (text,) = told(stack, ANN, of_ann)
    assert "purge items" in text and "410" in text
    assert len(told(stack, second, of_ann_elsewhere)) == 1
    assert len(stack.alerts_about(of_bob, within_seconds=20)) == 1
    for email, others in ((ANN, (of_ann_elsewhere, of_bob)), (second, (of_ann, of_bob))):
        assert not [mail for mail in stack.mails_to(email) for job_id in others if job_id in mail.text]
    assert not stack.alerts_about(of_ann) and not stack.alerts_about(of_ann_elsewhere)
    assert refusal(lambda: told_ann(bob)) == (422, "email_unconfirmed")
    assert ANN not in stack.function_log()


def test_what_an_address_that_never_said_yes_would_get_comes_to_the_operators(
    stack: DeployedStack, receiver: Target
) -> None:
    """T9: it got one mail, with the link; whoever never asked for this is left alone."""
    cy = stack.sign_in(CY)
    asked(stack, cy, CY)
    asked(stack, cy, CY)
    job_id = failing(stack, receiver, cy)
    (alert,) = stack.alerts_about(job_id, within_seconds=20)
    assert f"This is for {CY}, which is not confirmed" in alert.message
    assert len(stack.mails_to(CY)) == 1


def test_successes_are_told_to_whom_asked_for_them(stack: DeployedStack, receiver: Target) -> None:
    """What an owner has set holds for jobs that say nothing themselves."""
    dee, email = stack.sign_in("dee@example.com"), "dee@example.com"
    asked(stack, dee, email)
    stack.follow_last_link(email)
    client = stack.as_user(dee.token)
    client.set_notify({"on": ["succeeded"]})
    silent = client.schedule(receiver.url("/ok"), delay=0, notify={"on": []}).id
    loud = client.schedule(receiver.url("/ok"), delay=0).id
    assert len(told(stack, email, loud)) == 1
    assert told(stack, email, silent, within_seconds=2) == []
