"""From the jobs queue to the target: claim, wait for the instant, send, settle."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.channels import Channels, acknowledge_address_topics, may_consume, may_publish, may_send, may_tell_addresses
from infra.encryption import may_seal
from infra.job_store import JobStore
from infra.python_function import FunctionRecipe


class Firing(Construct):
    """fire behind the jobs queue."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        recipe: FunctionRecipe,
        store: JobStore,
        secrets: kms.Key,
        channels: Channels,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = _function(self, recipe=recipe, store=store, secrets=secrets, channels=channels)
        acknowledge_address_topics(self)
        lambda_.EventSourceMapping(
            self,
            "JobsQueue",
            target=self.function,
            event_source_arn=channels.jobs.queue_arn,
            batch_size=10,
            # No batching window: whatever it waited would be taken from the lead.
            report_batch_item_failures=True,
            # Not reserved concurrency: that would throttle deliveries, each of which counts as a receive, and fill
            # the dead letters with jobs that nobody looked at.
            max_concurrency=recipe.settings.max_concurrency,
        )


def _function(
    scope: Construct, *, recipe: FunctionRecipe, store: JobStore, secrets: kms.Key, channels: Channels
) -> lambda_.Function:
    settings = recipe.settings
    return recipe.make(
        scope,
        "fire",
        description="Makes the requests of due jobs, each on its own millisecond",
        # Ten handshakes at once need CPU, but most of the time is waiting, which is paid by memory: a waited
        # second that no other job shares costs $6.7 a million at 512 MB, and twice that at 1 GB.
        memory_mb=512,
        # The longest lease is lead + 5 s early + 60 s of request + 30 s to settle. Longer than that, so that no
        # worker dies with a lease that holds; shorter than the queue's visibility (120 s), so that it is dead
        # before somebody else gets its messages.
        timeout=Duration.seconds(110),
        rights=[
            store.may("DeleteItem", "GetItem", "PutItem", "UpdateItem"),
            may_seal(secrets, "Decrypt", settings=settings),
            may_consume(channels.jobs),
            may_send(channels.jobs),
            may_send(channels.dead_letters),
            may_publish(channels.alerts),
            may_tell_addresses(channels),
        ],
        environment={
            "PUNCTUAL_TABLE": store.table.table_name,
            "PUNCTUAL_SECRETS_KEY_ARN": secrets.key_arn,
            "PUNCTUAL_JOBS_QUEUE_URL": channels.jobs.queue_url,
            "PUNCTUAL_DEAD_LETTERS_URL": channels.dead_letters.queue_url,
            "PUNCTUAL_ALERTS_TOPIC_ARN": channels.alerts.topic_arn,
            "PUNCTUAL_ADDRESS_TOPICS": channels.address_topics,
            "PUNCTUAL_HORIZON_SECONDS": str(settings.horizon_seconds),
            "PUNCTUAL_LEAD_SECONDS": str(settings.lead_seconds),
            "PUNCTUAL_PRIVATE_TARGETS": ",".join(settings.private_targets),
            "PUNCTUAL_ALLOWED_PORTS": ",".join(map(str, settings.allowed_ports)),
            "PUNCTUAL_RETENTION_DAYS": str(settings.retention_days),
            "PUNCTUAL_TARGET_FAILURES": str(settings.target_failures),
            "PUNCTUAL_TARGET_REFUSALS": str(settings.target_refusals),
            "PUNCTUAL_TARGET_PAUSE_SECONDS": str(settings.target_pause_seconds),
            "PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS": str(settings.target_longest_pause_seconds),
            "PUNCTUAL_TARGET_LONGEST_WAIT_SECONDS": str(settings.target_longest_wait_seconds),
        },
    )
