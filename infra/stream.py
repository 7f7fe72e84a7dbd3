"""What every function behind the table's stream has: a place for records that it gave up, and a right that is wide."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.channels import secure_queue
from infra.python_function import FunctionRecipe
from infra.security_rules import acknowledge


def given_up_records(scope: Construct, construct_id: str, *, recipe: FunctionRecipe) -> sqs.Queue:
    """The queue in which Lambda notes which part of the stream a function was not given any more."""
    queue = secure_queue(
        scope,
        construct_id,
        settings=recipe.settings,
        key=recipe.key,
        visibility=Duration.seconds(30),
        retention=Duration.days(14),
    )
    acknowledge(queue, "AwsSolutions-SQS3", "It is where dead letters of the stream end; an alarm watches it.")
    return queue


def acknowledge_stream_listing(function_of: Construct) -> None:
    """Say why the role of a construct's function names no stream in one of its rights."""
    acknowledge(
        function_of.node.find_child("Role"),
        "AwsSolutions-IAM5[Resource::*]",
        "dynamodb:ListStreams lists the streams of an account; AWS knows no resource for it.",
    )
