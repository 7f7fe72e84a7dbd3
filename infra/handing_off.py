"""From the table's stream to the jobs queue: what was stored near its time is on its way at once."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.channels import Channels, may_send
from infra.job_store import JobStore
from infra.python_function import FunctionRecipe
from infra.stream import acknowledge_stream_listing, given_up_records


class HandingOff(Construct):
    """hand_off behind the stream, and a queue for the records that it could not deal with."""

    def __init__(
        self, scope: Construct, construct_id: str, *, recipe: FunctionRecipe, store: JobStore, channels: Channels
    ) -> None:
        super().__init__(scope, construct_id)
        # The sweep's overdue query fires the jobs that are noted here.
        self.failures = given_up_records(self, "Failures", recipe=recipe)
        self.function = _function(self, recipe=recipe, store=store, channels=channels, failures=self.failures)
        acknowledge_stream_listing(self)
        lambda_.EventSourceMapping(
            self,
            "Stream",
            target=self.function,
            event_source_arn=store.table.table_stream_arn,
            # From the start of what is kept, so that nothing written while the mapping is made or paused is missed.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            # Only what carries the mark of a near job: far-away and finished jobs cost no invocation.
            filters=[{"pattern": '{"dynamodb":{"NewImage":{"handoff":{"N":[{"exists":true}]}}}}'}],
            batch_size=100,
            # A bad record is found by halving the batch, its neighbours go on.
            report_batch_item_failures=True,
            bisect_batch_on_error=True,
            retry_attempts=4,
            # What is older than this is the sweep's: its overdue query looks two minutes back.
            max_record_age=Duration.minutes(5),
            on_failure=event_sources.SqsDlq(self.failures),
        )


def _function(
    scope: Construct, *, recipe: FunctionRecipe, store: JobStore, channels: Channels, failures: sqs.Queue
) -> lambda_.Function:
    settings = recipe.settings
    return recipe.make(
        scope,
        "hand_off",
        description="Puts jobs that were stored near their time on the jobs queue",
        # It waits for SQS, and is billed by the millisecond: little memory is cheapest, and this much keeps a
        # cold start under the lead.
        memory_mb=512,
        # A batch is ten calls of some 10 ms. Longer than this would hold up the shard for the others.
        timeout=Duration.seconds(20),
        rights=[*store.may_read_stream(), may_send(channels.jobs), may_send(failures)],
        environment={
            "PUNCTUAL_JOBS_QUEUE_URL": channels.jobs.queue_url,
            "PUNCTUAL_HORIZON_SECONDS": str(settings.horizon_seconds),
            "PUNCTUAL_LEAD_SECONDS": str(settings.lead_seconds),
        },
    )
