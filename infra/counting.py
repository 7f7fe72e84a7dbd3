"""From the table's stream to the counters: how many jobs an owner has, by status and due time."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.channels import may_send, secure_queue
from infra.job_store import JobStore
from infra.python_function import FunctionRecipe
from infra.security_rules import acknowledge


class Counting(Construct):
    """count behind the stream, and a queue for the records that were never counted."""

    def __init__(self, scope: Construct, construct_id: str, *, recipe: FunctionRecipe, store: JobStore) -> None:
        super().__init__(scope, construct_id)
        # Where Lambda notes which part of the stream was given up; a recount makes it good.
        self.failures = secure_queue(
            self,
            "Uncounted",
            settings=recipe.settings,
            key=recipe.key,
            visibility=Duration.seconds(30),
            retention=Duration.days(14),
        )
        acknowledge(
            self.failures, "AwsSolutions-SQS3", "It is where dead letters of the stream end; an alarm watches it."
        )
        self.function = _function(self, recipe=recipe, store=store, failures=self.failures)
        acknowledge(
            self.node.find_child("Role"),
            "AwsSolutions-IAM5[Resource::*]",
            "dynamodb:ListStreams lists the streams of an account; AWS knows no resource for it.",
        )
        lambda_.EventSourceMapping(
            self,
            "Stream",
            target=self.function,
            event_source_arn=store.table.table_stream_arn,
            # From the start of what is kept, so that nothing written while the mapping is made or paused is missed.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            # Jobs only: what is stored beside them, and the counters themselves, cost no invocation.
            filters=[{"pattern": '{"dynamodb":{"Keys":{"sk":{"S":["JOB"]}}}}'}],
            batch_size=100,
            # Nothing is done with windows, but only with one does an event name the shard that it comes from; and
            # that says which sequence numbers may be compared. The longest there is, as each ends with a call.
            tumbling_window=Duration.minutes(15),
            # A batch is tried until it is counted. It may come as often as it likes, and its own records do not make
            # it fail; only the table being away does. Just before the stream forgets it, it is given up, and told.
            max_record_age=Duration.hours(23),
            on_failure=event_sources.SqsDlq(self.failures),
        )


def _function(scope: Construct, *, recipe: FunctionRecipe, store: JobStore, failures: sqs.Queue) -> lambda_.Function:
    return recipe.make(
        scope,
        "count",
        description="Keeps counters of jobs by owner, status and due time",
        # An update costs it 1.5 ms of a whole CPU, and this is a little over half of one: some 300 updates a second
        # for each shard of the stream, of which AWS has one for each partition of the table.
        memory_mb=1024,
        # At worst a hundred days, eight at a time, while the table throttles.
        timeout=Duration.seconds(60),
        rights=[*store.may_read_stream(), store.may("UpdateItem"), may_send(failures)],
        environment={"PUNCTUAL_TABLE": store.table.table_name},
    )
