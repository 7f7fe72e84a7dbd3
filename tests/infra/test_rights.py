"""What each function may do (T12), as one table, and what others may do with the functions, queues and topics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.packaging import FUNCTIONS
from tests.infra.templates import Template, template, template_with_everything

# What the api makes while it runs: a topic for each address of an owner's.
_PREFIX = {"Fn::Join": ["", [{"Ref": "AWS::StackName"}, "-address-"]]}
_ARN = ["arn", {"Ref": "AWS::Partition"}, "sns", {"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}, _PREFIX]
ADDRESS_TOPICS = {"Fn::Join": ["", [{"Fn::Join": [":", _ARN]}, "*"]]}

# The whole of it. `*` stands where AWS allows nothing else: ListStreams knows no resource.
RIGHTS = {
    "authorize": {
        "own log": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "table": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    },
    "api": {
        "own log": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "table": {
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
        "table/index/owner_status": {"dynamodb:Query"},
        "secrets key": {"kms:Decrypt", "kms:Encrypt"},
        "topics of addresses": {
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "sns:ListSubscriptionsByTopic",
            "sns:Subscribe",
        },
    },
    "check": {
        "own log": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "table": {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        "table/index/owner_status": {"dynamodb:Query"},
        "secrets key": {"kms:Decrypt"},
        "topics of addresses": {"sns:ListSubscriptionsByTopic"},
    },
    "hand_off": {
        "own log": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "stream": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
        "*": {"dynamodb:ListStreams"},
        "jobs queue": {"sqs:SendMessage"},
        "stream failures": {"sqs:SendMessage"},
    },
    "sweep": {
        "own log": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "table": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "table/index/due": {"dynamodb:Query"},
        "jobs queue": {"sqs:GetQueueAttributes", "sqs:SendMessage"},
    },
    "fire": {
        "own log": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "table": {"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "secrets key": {"kms:Decrypt"},
        "jobs queue": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
        "dead letters": {"sqs:SendMessage"},
        "alerts": {"sns:Publish"},
        "topics of addresses": {"sns:ListSubscriptionsByTopic", "sns:Publish"},
    },
    "bury": {
        "own log": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "table": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        "dead letters": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
        "alerts": {"sns:Publish"},
        "topics of addresses": {"sns:ListSubscriptionsByTopic", "sns:Publish"},
    },
    "count": {
        "own log": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "stream": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
        "*": {"dynamodb:ListStreams"},
        "table": {"dynamodb:UpdateItem"},
        "uncounted": {"sqs:SendMessage"},
    },
}

TABLE_USE = {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}
MESSAGE_USE = {"kms:Decrypt", "kms:GenerateDataKey"}

# With a customer key: what each function may do with it, and only by way of the service that it calls.
KEY_RIGHTS = {
    "authorize": {"dynamodb": TABLE_USE},
    "api": {"dynamodb": TABLE_USE},
    "check": {"dynamodb": TABLE_USE},
    "hand_off": {"dynamodb": TABLE_USE, "sqs": MESSAGE_USE},
    "sweep": {"dynamodb": TABLE_USE, "sqs": MESSAGE_USE},
    "fire": {"dynamodb": TABLE_USE, "sqs": MESSAGE_USE, "sns": MESSAGE_USE},
    "bury": {"dynamodb": TABLE_USE, "sqs": MESSAGE_USE, "sns": MESSAGE_USE},
    "count": {"dynamodb": TABLE_USE, "sqs": MESSAGE_USE},
}


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_the_table_says_and_nothing_else(function: str, stage: str) -> None:
    """T12."""
    assert rights_of(template(stage), function) == RIGHTS[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_on_this_machine_the_rights_are_the_same(function: str) -> None:
    """So that a missing one fails at home."""
    assert rights_of(template("local"), function) == RIGHTS[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_customer_key_adds_its_use_by_way_of_the_services_a_function_calls(function: str) -> None:
    """The emulator checks no rights on keys."""
    made = template_with_everything()
    rights = rights_of(made, function)
    assert rights.pop("key") == set().union(*KEY_RIGHTS[function].values())
    assert rights == RIGHTS[function]
    by_service = {
        statement["Condition"]["StringEquals"]["kms:ViaService"]["Fn::Join"][1][0]: set(statement["Action"])
        for statement in statements_of(made, function)
        if "kms:ViaService" in statement.get("Condition", {}).get("StringEquals", {})
    }
    assert by_service == KEY_RIGHTS[function]


@pytest.mark.parametrize(("function", "partitions"), [("check", "USAGE#*"), ("authorize", "KEY#*")])
def test_who_only_takes_notes_may_change_nothing_else(function: str, partitions: str) -> None:
    """What owners use; when a key was last used. The emulator does not look at conditions."""
    (statement,) = (
        statement
        for statement in statements_of(template("prod"), function)
        if statement["Action"] == "dynamodb:UpdateItem"
    )
    assert statement["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [partitions]}}


@pytest.mark.parametrize("make", [lambda: template("prod"), template_with_everything])
@pytest.mark.parametrize("function", ["api", "check", "fire"])
def test_the_secrets_key_opens_signing_secrets_of_a_named_owner_only(
    make: Callable[[], Template], function: str
) -> None:
    """The emulator does not look at conditions: what else may be sealed with the key is none of theirs."""
    made = make()
    (statement,) = (
        statement
        for statement in statements_of(made, function)
        if statement["Resource"] == {"Fn::GetAtt": [made.key_id("SecretsKey"), "Arn"]}
    )
    assert statement["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:purpose": "signing-secret"},
        "Null": {"kms:EncryptionContext:owner": "false"},
    }


def test_the_api_subscribes_mailboxes_only() -> None:
    """They have to confirm it. A queue, a function or a server would get whatever is published from then on."""
    (statement,) = (
        statement for statement in statements_of(template("prod"), "api") if "sns:Subscribe" in statement["Action"]
    )
    assert statement["Action"] == "sns:Subscribe"
    assert statement["Condition"] == {"StringEquals": {"sns:Protocol": "email"}}


@pytest.mark.parametrize("make", [lambda: template("prod"), template_with_everything], ids=["prod", "with everything"])
def test_no_policy_stands_beside_the_table(make: Callable[[], Template]) -> None:
    """Each function has a role of its own with the one policy that was read above, and nothing managed by AWS."""
    made = make()
    roles = made.all("AWS::IAM::Role")
    assert len(roles) == len(FUNCTIONS)
    for role in roles.values():
        assert role.keys() <= {"AssumeRolePolicyDocument", "Policies", "Tags"}
        assert len(role["Policies"]) == 1
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert not made.all("AWS::IAM::Policy")
    assert not made.all("AWS::IAM::ManagedPolicy")
    used = [function["Role"]["Fn::GetAtt"][0] for function in made.all("AWS::Lambda::Function").values()]
    assert sorted(used) == sorted(roles)


def test_only_our_api_and_our_rule_may_call_a_function() -> None:
    """The emulator does not look at who may call. Event sources call with the function's own role."""
    made = template("prod")
    callers = {
        (permission["FunctionName"]["Fn::GetAtt"][0], permission["Principal"])
        for permission in made.all("AWS::Lambda::Permission").values()
    }
    assert callers == {
        (made.function_id("authorize"), "apigateway.amazonaws.com"),
        (made.function_id("api"), "apigateway.amazonaws.com"),
        (made.function_id("check"), "apigateway.amazonaws.com"),
        (made.function_id("sweep"), "events.amazonaws.com"),
    }
    assert all("SourceArn" in permission for permission in made.all("AWS::Lambda::Permission").values())


def rights_of(made: Template, function: str) -> dict[str, set[str]]:
    """Actions by the name of what they are allowed on."""
    rights: dict[str, set[str]] = {}
    for statement in statements_of(made, function):
        assert statement["Effect"] == "Allow"
        for resource in _as_list(statement["Resource"]):
            rights.setdefault(_name_of(made, function, resource), set()).update(_as_list(statement["Action"]))
    return rights


def statements_of(made: Template, function: str) -> Iterator[dict[str, Any]]:
    role = made.all("AWS::IAM::Role")[made.function(function)["Role"]["Fn::GetAtt"][0]]
    for policy in role["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def _name_of(made: Template, function: str, resource: Any) -> str:
    """What people call it."""
    if resource == "*":
        return "*"
    if resource == ADDRESS_TOPICS:
        return "topics of addresses"
    if "Fn::Join" in resource:
        base, rest = resource["Fn::Join"][1]
        return _name_of(made, function, base) + str(rest)
    logical_id, attribute = resource["Fn::GetAtt"] if "Fn::GetAtt" in resource else (resource["Ref"], "Ref")
    if logical_id == made.function(function)["LoggingConfig"]["LogGroup"]["Ref"]:
        return "own log"
    kind = made.resources[logical_id]["Type"]
    names = {
        ("AWS::DynamoDB::Table", "Arn"): "table",
        ("AWS::DynamoDB::Table", "StreamArn"): "stream",
        ("AWS::KMS::Key", "Arn"): "key",
        ("AWS::SNS::Topic", "Ref"): "alerts",
    }
    if logical_id == made.key_id("SecretsKey"):
        return "secrets key"
    queues = {
        made.queue_id("Jobs"): "jobs queue",
        made.queue_id("DeadLetters"): "dead letters",
        made.queue_id("Failures"): "stream failures",
        made.queue_id("Uncounted"): "uncounted",
    }
    return queues.get(logical_id) or names.get((kind, attribute), f"{kind} {attribute}")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
