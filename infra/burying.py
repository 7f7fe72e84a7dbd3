"""From the dead letters to a person: what was given up on is seen to its end."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.channels import Channels, acknowledge_address_topics, may_consume, may_publish, may_tell_addresses
from infra.job_store import JobStore
from infra.python_function import FunctionRecipe

# An outage gives many letters at once, and two at a time empty any queue: nobody waits for the thousandth alert.
_AT_ONCE = 2


class Burying(Construct):
    """bury behind the dead-letter queue."""

    def __init__(
        self, scope: Construct, construct_id: str, *, recipe: FunctionRecipe, store: JobStore, channels: Channels
    ) -> None:
        super().__init__(scope, construct_id)
        settings = recipe.settings
        self.function = recipe.make(
            self,
            "bury",
            description="Settles what was given up on, and tells somebody",
            # Rare and in no hurry: the least that imports in a second or two.
            memory_mb=256,
            # Ten letters of some calls each, with the retries of a bad day; half the queue's visibility (60 s). And
            # less than a window of alerts settles (SETTLING_MS): who noted a job for it has done so when it is told.
            timeout=Duration.seconds(30),
            rights=[
                store.may("GetItem", "PutItem", "Query", "UpdateItem"),
                may_consume(channels.dead_letters),
                may_publish(channels.alerts),
                may_tell_addresses(channels),
            ],
            environment={
                "PUNCTUAL_TABLE": store.table.table_name,
                "PUNCTUAL_ALERTS_TOPIC_ARN": channels.alerts.topic_arn,
                "PUNCTUAL_ADDRESS_TOPICS": channels.address_topics,
                "PUNCTUAL_ALERT_WINDOW_SECONDS": str(settings.alert_window_seconds),
                "PUNCTUAL_HORIZON_SECONDS": str(settings.horizon_seconds),
                "PUNCTUAL_RETENTION_DAYS": str(settings.retention_days),
            },
        )
        acknowledge_address_topics(self)
        lambda_.EventSourceMapping(
            self,
            "DeadLetters",
            target=self.function,
            event_source_arn=channels.dead_letters.queue_arn,
            batch_size=10,
            report_batch_item_failures=True,
            max_concurrency=_AT_ONCE,
        )
