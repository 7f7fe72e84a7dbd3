"""cdk-nag's and checkov's rules for the template, and the way to say why one of them does not fit one resource.

cdk-nag judges while the template is made; checkov reads the template afterwards, in `make check` (`local/checks.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, App, CfnResource, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


def check_security(app: App) -> None:
    """Synthesis fails, and lists what and where, when the template breaks a rule that was not acknowledged."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """This rule does not fit this construct, for this reason. Never a whole stack, never a rule without its finding."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::{rule}", reason=reason))


def acknowledge_checkov(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """These rules of checkov do not fit this one resource, each for its reason: `{"CKV_AWS_117": "…"}`.

    Written into the resource's metadata, where checkov looks. Once for a resource: a second call would take its place.
    """
    resource = construct.node.default_child
    assert isinstance(resource, CfnResource)  # of the constructs that are used here
    skipped = [{"id": rule, "comment": reason} for rule, reason in reasons.items()]
    resource.add_metadata("checkov", {"skip": skipped})
