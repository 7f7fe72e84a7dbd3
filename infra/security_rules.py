"""cdk-nag's rules for the template, and the way to say why one of them does not fit one resource."""

from __future__ import annotations

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


def check_security(app: App) -> None:
    """Synthesis fails, and lists what and where, when the template breaks a rule that was not acknowledged."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """This rule does not fit this construct, for this reason. Never a whole stack, never a rule without its finding."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::{rule}", reason=reason))
