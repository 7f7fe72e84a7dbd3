"""cdk-nag: no finding is left, and each that does not fit is acknowledged on its resource, with a reason.

So it is with checkov, which runs in `make check`; here is what it is told to leave out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sqs as sqs

from infra.security_rules import check_security
from tests.infra.templates import STAGES, Template, template, template_with_everything

ADDRESS_TOPICS = "arn:<AWS::Partition>:sns:<AWS::Region>:<AWS::AccountId>:<AWS::StackName>-address-*"

EVERYWHERE = {
    ("AwsSolutions-APIG4", "FrontDoor/Description"),
    ("AwsSolutions-APIG4", "FrontDoor/Docs"),
    ("AwsSolutions-APIG4", "FrontDoor/Elsewhere"),
    ("AwsSolutions-APIG4", "FrontDoor/Health"),
    ("AwsSolutions-APIG4", "FrontDoor/Preflight"),
    ("AwsSolutions-COG2", "Identity/Users"),
    ("AwsSolutions-COG8", "Identity/Users"),
    ("AwsSolutions-IAM5[Resource::*]", "Counting/Role"),
    ("AwsSolutions-IAM5[Resource::*]", "HandingOff/Role"),
    *(
        (f"AwsSolutions-IAM5[Resource::{ADDRESS_TOPICS}]", f"{part}/Role")
        for part in ("Burying", "Firing", "FrontDoor", "FrontDoor/Checking")
    ),
    ("AwsSolutions-SQS3", "Counting/Uncounted"),
    ("AwsSolutions-SQS3", "HandingOff/Failures"),
}

ON_THIS_MACHINE = {
    *(
        ("AwsSolutions-L1", f"{part}/Function")
        for part in (
            "Burying",
            "Counting",
            "Firing",
            "FrontDoor",
            "FrontDoor/Authorizing",
            "FrontDoor/Checking",
            "HandingOff",
            "Sweeping",
        )
    ),
    ("AwsSolutions-SNS3", "Channels/Alerts"),
    ("AwsSolutions-SQS4", "Channels/DeadLetters"),
    ("AwsSolutions-SQS4", "Channels/Jobs"),
    ("AwsSolutions-SQS4", "Counting/Uncounted"),
    ("AwsSolutions-SQS4", "HandingOff/Failures"),
}

CHECKOV_BY_TYPE = {
    "AWS::Lambda::Function": {"CKV_AWS_115", "CKV_AWS_116", "CKV_AWS_117", "CKV_AWS_173"},
    "AWS::Logs::LogGroup": {"CKV_AWS_158"},
}
CHECKOV_WITHOUT_A_KEY = {
    "AWS::DynamoDB::Table": {"CKV_AWS_119"},
    "AWS::SNS::Topic": {"CKV_AWS_26"},
    "AWS::SQS::Queue": {"CKV_AWS_27"},
}


@pytest.mark.parametrize("stage", STAGES)
def test_the_rules_find_nothing(stage: str) -> None:
    """On any stage."""
    report = _report(template(stage))
    assert report["conclusion"] == "success"
    assert report["violations"] == []


def test_the_rules_find_nothing_with_every_setting() -> None:
    """A key, an issuer, an address for alerts, private targets."""
    report = _report(template_with_everything())
    assert report["conclusion"] == "success"
    assert report["violations"] == []


@pytest.mark.parametrize(("stage", "expected"), [("dev", EVERYWHERE), ("prod", EVERYWHERE)])
def test_these_findings_are_acknowledged_and_no_others(stage: str, expected: set[tuple[str, str]]) -> None:
    """Each on the one resource that it is about, so that the next such finding is not hidden."""
    assert _acknowledged(template(stage)) == expected


def test_this_machine_adds_what_the_emulator_cannot_do() -> None:
    """It speaks plain HTTP, and runs handlers on its own Python (which the rules mind unless it is the newest)."""
    added = _acknowledged(template("local")) - EVERYWHERE
    assert added <= ON_THIS_MACHINE
    assert added >= {finding for finding in ON_THIS_MACHINE if finding[0] != "AwsSolutions-L1"}


@pytest.mark.parametrize("make", [lambda: template("local"), lambda: template("prod"), template_with_everything])
def test_every_acknowledgement_has_its_reason(make: Callable[[], Template]) -> None:
    """A sentence, not a word."""
    for finding in _report(make())["suppressedViolations"]:
        assert len(finding["reason"].split()) >= 8


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: template("prod"), CHECKOV_BY_TYPE | CHECKOV_WITHOUT_A_KEY),
        (template_with_everything, CHECKOV_BY_TYPE),
    ],
)
def test_checkov_leaves_these_out_and_no_others(make: Callable[[], Template], expected: dict[str, set[str]]) -> None:
    """Each on the resources that it is about, with a sentence; a customer key leaves fewer."""
    left_out: dict[str, set[str]] = {}
    for resource in make().resources.values():
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", ()):
            assert len(skipped["comment"].split()) >= 8
            left_out.setdefault(resource["Type"], set()).add(skipped["id"])
    assert left_out == expected


def test_a_finding_that_is_not_acknowledged_stops_the_synthesis(tmp_path: Path) -> None:
    """Here: a queue that takes plain HTTP."""
    app = App(outdir=str(tmp_path))
    sqs.Queue(Stack(app, "Careless"), "Open")
    check_security(app)
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


def _report(made: Template) -> dict[str, Any]:
    report: dict[str, Any] = next(
        plugin for plugin in made.report["pluginReports"] if plugin["pluginName"] == "AwsSolutions"
    )
    return report


def _acknowledged(made: Template) -> set[tuple[str, str]]:
    """Rule and place in the stack."""
    return {
        (finding["ruleName"], finding["acknowledgedAt"].partition("/")[2])
        for finding in _report(made)["suppressedViolations"]
    }
