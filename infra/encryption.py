"""The keys, and who may use them: the customer's, where the settings ask for one, and that of sealed secrets."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Aws, Fn, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.stage_settings import StageSettings
from lambdas.jobs.signing import PURPOSE

# What a caller of each service needs of the key behind it. Only through that service: no function decrypts by itself.
_KEY_ACTIONS = {
    "dynamodb": (
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ),
    "sns": ("kms:Decrypt", "kms:GenerateDataKey"),
    "sqs": ("kms:Decrypt", "kms:GenerateDataKey"),
}

# These neither read nor write what a topic encrypts.
_KEYLESS = {"sns:CreateTopic", "sns:DeleteTopic", "sns:ListSubscriptionsByTopic", "sns:Subscribe"}


def customer_key(scope: Construct, settings: StageSettings) -> kms.Key | None:
    """One key for table, queues and topic, rotated every year; None where AWS's own keys will do."""
    if not settings.kms:
        return None
    key = kms.Key(
        scope,
        "Key",
        description=f"Punctual {settings.stage}: table, queues and alerts",
        enable_key_rotation=True,
        # Whoever loses the key loses what it encrypted.
        removal_policy=RemovalPolicy.RETAIN if settings.keeps_data else RemovalPolicy.DESTROY,
    )
    # Without this CloudWatch's alarms are refused by the encrypted topic, and nobody hears of it.
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],  # in a key's policy: this key
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    return key


def secrets_key(scope: Construct, settings: StageSettings) -> kms.Key:
    """The key that owners' secrets in the table are sealed with, whatever the table itself is encrypted with.

    Not the customer key: that one may be switched on and off by a setting, and DynamoDB then encrypts anew by itself.
    What is sealed would stay sealed.
    """
    return kms.Key(
        scope,
        "SecretsKey",
        description=f"Punctual {settings.stage}: the owners' signing secrets",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN if settings.keeps_data else RemovalPolicy.DESTROY,
    )


def may_seal(key: kms.IKey, *actions: str, settings: StageSettings) -> iam.PolicyStatement:
    """The right to "Encrypt" or "Decrypt" signing secrets, each bound to an owner, and nothing else.

    The emulator knows no conditions on what is encrypted, and would refuse everything.
    """
    return iam.PolicyStatement(
        actions=[f"kms:{action}" for action in actions],
        resources=[key.key_arn],
        conditions=None
        if settings.is_local
        else {
            "StringEquals": {"kms:EncryptionContext:purpose": PURPOSE},
            "Null": {"kms:EncryptionContext:owner": "false"},
        },
    )


def may_use_key(key: kms.IKey, rights: Iterable[iam.PolicyStatement]) -> list[iam.PolicyStatement]:
    """The rights on the key that follow from a function's rights on what the key encrypts."""
    used = {action for right in rights for action in right.actions} - _KEYLESS
    services = sorted({action.partition(":")[0] for action in used} & _KEY_ACTIONS.keys())
    return [
        iam.PolicyStatement(
            actions=list(_KEY_ACTIONS[service]),
            resources=[key.key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": Fn.join(".", [service, Aws.REGION, Aws.URL_SUFFIX])},
            },
        )
        for service in services
    ]
