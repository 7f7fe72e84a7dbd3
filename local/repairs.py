"""What the emulator drops from the template, set by hand after the deploy; and an inbox that stands in for e-mail.

Each repair says what is dropped: when a later version of the emulator does it by itself, the repair can go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local import aws

INBOX = "punctual-alerts-inbox"
TWO_WEEKS = str(14 * 86_400)
"""In seconds; the longest that a queue keeps a message."""


def repair(assembly: Path, endpoint_url: str, outputs: dict[str, str]) -> None:
    """Apply the table's time to live and the API's CORS rules, both dropped by the emulator's CloudFormation."""
    for table in _resources(assembly, "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        if "TimeToLiveSpecification" in table:
            _set_time_to_live(endpoint_url, outputs["TableName"], table["TimeToLiveSpecification"]["AttributeName"])
    for api in _resources(assembly, "AWS::ApiGatewayV2::Api"):
        if "CorsConfiguration" in api:
            apis = aws.session().client("apigatewayv2", endpoint_url=endpoint_url, config=aws.CONFIG)
            apis.update_api(ApiId=outputs["HttpApiId"], CorsConfiguration=api["CorsConfiguration"])


def subscribe_inbox(endpoint_url: str, topic_arn: str) -> str:
    """Subscribe a queue to the alerts, so that they can be read here. Returns its URL; repeating it is fine."""
    queues = aws.session().client("sqs", endpoint_url=endpoint_url, config=aws.CONFIG)
    url = queues.create_queue(QueueName=INBOX)["QueueUrl"]
    queue_arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    from_topic = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [from_topic]})
    queues.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": TWO_WEEKS, "Policy": policy})
    topics = aws.session().client("sns", endpoint_url=endpoint_url, config=aws.CONFIG)
    topics.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
    return url


def _set_time_to_live(endpoint_url: str, table: str, attribute: str) -> None:
    tables = aws.session().client("dynamodb", endpoint_url=endpoint_url, config=aws.CONFIG)
    now = tables.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if now.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):  # enabling twice is an error
        tables.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
        )


def _resources(assembly: Path, *types: str) -> Iterator[dict[str, Any]]:
    """The properties of the template's resources of these types."""
    for template in assembly.glob("*.template.json"):
        for resource in json.loads(template.read_text())["Resources"].values():
            if resource["Type"] in types:
                yield resource["Properties"]
