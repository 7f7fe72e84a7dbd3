"""What operators see, and when they are woken: one dashboard and the alarms, all to the alerts topic.

Each metric is AWS's own, or one that a function prints in embedded metric format (namespace Punctual, dimension
service).
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.aws_cloudwatch_actions import SnsAction
from constructs import Construct

from infra.dashboard import dashboard
from infra.metrics import FIVE_MINUTES, MINUTE, Watched, printed, share_of_attempts
from infra.stage_settings import StageSettings


class Watch(Construct):
    """Alarms that say what is wrong and where to look, and a dashboard in the order of the journey."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, watched: Watched) -> None:
        super().__init__(scope, construct_id)
        self._stage = settings.stage
        self._watched = watched
        self._action = SnsAction(watched.channels.alerts)
        self._watch_functions()
        self._watch_sweep()
        self._watch_queues(settings)
        self._watch_stream()
        self._watch_counters()
        self._watch_outcomes(is_local=settings.is_local)
        self._watch_front_door()
        dashboard(self, watched)

    def _watch_functions(self) -> None:
        for name, function in self._watched.functions.items():
            self._alarm(
                f"{_title(name)}Errors",
                function.metric_errors(period=FIVE_MINUTES, statistic="Sum"),
                threshold=1,
                description=f"{name} raised or ran out of time. Its log group tells why; what it worked on is tried "
                "again.",
            )
            self._alarm(
                f"{_title(name)}Throttles",
                function.metric_throttles(period=FIVE_MINUTES, statistic="Sum"),
                threshold=1,
                description=f"AWS refused to start {name}: the account's concurrency is used up. Ask for more, or "
                "lower max_concurrency.",
            )

    def _watch_sweep(self) -> None:
        self._alarm(
            "SweepSilence",
            self._watched.functions["sweep"].metric_invocations(period=self._watched.sweep_period, statistic="Sum"),
            threshold=1,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            # Two skipped sweeps make nothing late; the third would.
            periods=2,
            missing=cloudwatch.TreatMissingData.BREACHING,
            description="No sweep ran for two periods. Jobs that are minutes away will be late: see whether the "
            "EventBridge rule is enabled.",
        )

    def _watch_queues(self, settings: StageSettings) -> None:
        channels = self._watched.channels
        self._alarm(
            "DeadLettersWaiting",
            channels.dead_letters.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum"),
            threshold=1,
            periods=5,  # bury takes them within seconds
            description="Dead letters lie unburied, so failed jobs may not have been told: see the log of bury.",
        )
        self._alarm(
            "JobsQueueAge",
            channels.jobs.metric_approximate_age_of_oldest_message(period=MINUTE, statistic="Maximum"),
            # A message may be meant to lie for the whole horizon before it is due.
            threshold=settings.horizon_seconds + 300,
            periods=3,
            description="The oldest message lies on the jobs queue five minutes longer than it can be meant to. The "
            "workers do not keep up: raise max_concurrency, or see the log of fire.",
        )
        self._alarm(
            "StreamFailures",
            self._watched.stream_failures.metric_approximate_number_of_messages_visible(
                period=MINUTE, statistic="Maximum"
            ),
            threshold=1,
            description="hand_off gave up on part of the stream. The sweep fires those jobs a few minutes late; the "
            "messages in the queue say which records they were.",
        )

    def _watch_stream(self) -> None:
        self._alarm(
            "StreamAge",
            self._watched.functions["hand_off"].metric("IteratorAge", period=MINUTE, statistic="Maximum"),
            # The sweep calls a job overdue after two minutes; this comes before that.
            threshold=60_000,
            periods=3,
            description="The stream is read a minute or more behind, so jobs due soon after they were made are late: "
            "see the log of hand_off.",
        )

    def _watch_counters(self) -> None:
        self._alarm(
            "Uncounted",
            self._watched.uncounted.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum"),
            threshold=1,
            description="count gave up on part of the stream, so counters are wrong. Jobs are not: they fire as ever. "
            "Run make recount when the cause is gone.",
        )
        self._alarm(
            "CountingAge",
            self._watched.functions["count"].metric("IteratorAge", period=MINUTE, statistic="Maximum"),
            threshold=300_000,
            periods=3,
            description="Counters are five minutes or more behind: see the log of count. What is not counted within "
            "a day is lost to them.",
        )

    def _watch_outcomes(self, *, is_local: bool) -> None:
        self._alarm(
            "Lateness",
            printed("fire", "LatenessMs", statistic="p99"),
            threshold=1_000,
            periods=3,
            description="One job in a hundred leaves a second or more after its time. Look at the age of the jobs "
            "queue, the throttles of fire, and its cold starts.",
        )
        if not is_local:  # the emulator refuses metric math (and rings no alarm anyway)
            self._alarm(
                "Retries",
                share_of_attempts("JobsRetried"),
                threshold=50,
                periods=3,
                description="For a quarter of an hour half of the attempts or more must be repeated. One large target "
                "is down, or our way out is.",
            )
            self._alarm(
                "Failures",
                share_of_attempts("JobsFailed"),
                threshold=20,
                periods=3,
                description="For a quarter of an hour a fifth of the attempts or more ended a job as failed. Each has "
                "been told by itself; together they hint at one cause.",
            )

    def _watch_front_door(self) -> None:
        self._alarm(
            "ServerErrors",
            self._watched.front_door.api.metric_server_error(period=FIVE_MINUTES, statistic="Sum"),
            threshold=5,
            description="The API answered five or more requests with 5xx: see the log of api.",
        )

        self._alarm(
            "DamagedJobs",
            # A day, so that it rings once however often the owner looks.
            printed("api", "JobsDamaged", period=Duration.days(1)),
            threshold=1,
            description="An owner asked for a job that cannot be read: damaged, or written by a newer version. It is "
            "not fired while that is so. The log of api names it, as job_damaged; see docs/operating.md.",
        )

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        description: str,
        comparison: cloudwatch.ComparisonOperator = (cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=comparison,
            treat_missing_data=missing,
            alarm_description=f"Punctual ({self._stage}): {description}",
        )
        alarm.add_alarm_action(self._action)


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
