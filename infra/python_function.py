"""The one recipe for all functions: package, role, log group, and where their settings come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.encryption import may_use_key
from infra.security_rules import acknowledge, acknowledge_checkov
from infra.stage_settings import LOG_RETENTIONS, StageSettings
from infra.target import AWS, THIS_MACHINE, Target

METRICS_NAMESPACE = "Punctual"

_NOT_FOR_OUR_FUNCTIONS = {
    "CKV_AWS_115": "It throttles deliveries, each of which counts as a receive; the event sources are limited instead.",
    "CKV_AWS_116": "For asynchronous events: queues and stream have theirs, and the next sweep makes good a lost one.",
    "CKV_AWS_117": "Nothing it calls is in a VPC; inside one, targets would be reached through a NAT gateway only.",
    "CKV_AWS_173": "Names, addresses and numbers, no secrets; Lambda encrypts them with a key of its own.",
}


def target_of(settings: StageSettings) -> Target:
    """Where a stage's functions run. The emulator uses the interpreter and machine that it runs on itself."""
    return THIS_MACHINE if settings.is_local else AWS


@dataclass(frozen=True)
class FunctionRecipe:
    """What all functions have in common. `packages` maps a function's name to its zip."""

    settings: StageSettings
    packages: Mapping[str, Path]
    key: kms.Key | None

    def make(
        self,
        scope: Construct,
        name: str,
        *,
        description: str,
        memory_mb: int,
        timeout: Duration,
        rights: Sequence[iam.PolicyStatement],
        environment: Mapping[str, str],
    ) -> lambda_.Function:
        """The function `name` ("hand_off"), with these rights, its own log group, and no other."""
        log_group = log_group_of(scope, self.settings)
        target = target_of(self.settings)
        package = self.packages[name]
        function = lambda_.Function(
            scope,
            "Function",
            description=description,
            runtime=lambda_.Runtime(f"python{target.python_version}", lambda_.RuntimeFamily.PYTHON),
            architecture=lambda_.Architecture.ARM_64 if target.arm else lambda_.Architecture.X86_64,
            # The zip is named by its inputs, so its name is its hash: unchanged code is not uploaded again.
            code=lambda_.Code.from_asset(str(package), asset_hash=package.stem),
            handler=f"lambdas.handlers.{name}.handler",
            memory_size=memory_mb,
            timeout=timeout,
            role=self._role(scope, rights, log_group),
            log_group=log_group,
            environment={
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **environment,
            },
        )
        acknowledge_checkov(function, _NOT_FOR_OUR_FUNCTIONS)
        if self.settings.is_local:
            acknowledge(function, "AwsSolutions-L1", "The emulator runs handlers on the Python that it runs on itself.")
        return function

    def _role(self, scope: Construct, rights: Sequence[iam.PolicyStatement], log_group: logs.LogGroup) -> iam.IRole:
        """A role of the function's own, with the rights written here and no more.

        They are inline, so that no function or event source exists before them; and the role takes no updates,
        because the CDK would add what it thinks an event source or a destination needs, which is more.
        """
        own_log = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
        )
        on_key = may_use_key(self.key, rights) if self.key else []
        role = iam.Role(
            scope,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Rights": iam.PolicyDocument(statements=[own_log, *rights, *on_key])},
        )
        return role.without_policy_updates()


def log_group_of(scope: Construct, settings: StageSettings, construct_id: str = "Log") -> logs.LogGroup:
    """A log group that ends with its stack and forgets after the stage's time; production keeps it."""
    group = logs.LogGroup(
        scope,
        construct_id,
        retention=logs.RetentionDays[LOG_RETENTIONS[settings.log_retention_days]],
        removal_policy=RemovalPolicy.RETAIN if settings.keeps_data else RemovalPolicy.DESTROY,
    )
    reason = "No secret and nothing that users send is logged, as a test shows; CloudWatch encrypts with its own key."
    acknowledge_checkov(group, {"CKV_AWS_158": reason})
    return group
