"""From the table's stream to the counters: how many jobs an owner has, by status and due time."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.channels import may_send
from infra.job_store import JobStore
from infra.python_function import FunctionRecipe
from infra.stream import acknowledge_stream_listing, given_up_records


class Counting(Construct):
    """count behind the stream, and a queue for the records that were never counted."""

    def __init__(self, scope: Construct, construct_id: str, *, recipe: FunctionRecipe, store: JobStore) -> None:
        super().__init__(scope, construct_id)
        # A recount makes good what is noted here.
        self.failures = given_up_records(self, "Uncounted", recipe=recipe)
        self.function = _function(self, recipe=recipe, store=store, failures=self.failures)
        acknowledge_stream_listing(self)
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
