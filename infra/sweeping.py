"""From the due index to the jobs queue: what was stored long before its time is found by the clock."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.channels import Channels, may_see_backlog, may_send
from infra.job_store import DUE, JobStore
from infra.python_function import FunctionRecipe


class Sweeping(Construct):
    """sweep, and the rule that calls it every few minutes."""

    def __init__(
        self, scope: Construct, construct_id: str, *, recipe: FunctionRecipe, store: JobStore, channels: Channels
    ) -> None:
        super().__init__(scope, construct_id)
        self.period = Duration.minutes(recipe.settings.sweep_minutes)
        self.function = _function(self, recipe=recipe, store=store, channels=channels)
        events.Rule(
            self,
            "EveryFewMinutes",
            description="Calls the sweep of Punctual",
            schedule=events.Schedule.rate(self.period),
            targets=[
                targets.LambdaFunction(
                    self.function,
                    # A sweep that could not be called is made up for by the next one, not by a late one.
                    retry_attempts=1,
                    max_event_age=self.period,
                )
            ],
        )


def _function(scope: Construct, *, recipe: FunctionRecipe, store: JobStore, channels: Channels) -> lambda_.Function:
    settings = recipe.settings
    return recipe.make(
        scope,
        "sweep",
        description="Hands off what comes due, and again what is overdue",
        # One query a shard and one call for ten jobs: the CPU that comes with this sends some 300 jobs a second.
        memory_mb=512,
        # Under the default period, so that sweeps seldom overlap (harmless, but double work). One that ran out
        # of time goes on from its marks at the next.
        timeout=Duration.minutes(3),
        rights=[
            store.may("GetItem", "UpdateItem"),
            store.may_query(DUE),
            may_send(channels.jobs),
            may_see_backlog(channels.jobs),
        ],
        environment={
            "PUNCTUAL_TABLE": store.table.table_name,
            "PUNCTUAL_JOBS_QUEUE_URL": channels.jobs.queue_url,
            "PUNCTUAL_HORIZON_SECONDS": str(settings.horizon_seconds),
            "PUNCTUAL_SWEEP_MINUTES": str(settings.sweep_minutes),
            "PUNCTUAL_LEAD_SECONDS": str(settings.lead_seconds),
        },
    )
