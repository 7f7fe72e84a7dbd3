"""One page that shows how the service is, in the order of the journey."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.metrics import Watched, printed


def dashboard(scope: Construct, watched: Watched) -> cloudwatch.Dashboard:
    """Jobs from left to right: taken in, handed over, fired; then how late and how full; at the end, the functions."""
    return cloudwatch.Dashboard(
        scope,
        "Dashboard",
        default_interval=Duration.hours(3),
        widgets=[_jobs(watched), _queues(watched), _functions(watched)],
    )


def _jobs(watched: Watched) -> list[cloudwatch.IWidget]:
    api = watched.front_door.api
    return [
        _graph("Requests", api.metric_count(), api.metric_client_error(), api.metric_server_error()),
        _graph(
            "Handed over",
            printed("api", "JobsAccepted"),
            printed("hand_off", "JobsHandedOff"),
            printed("sweep", "JobsHandedOff"),
            printed("sweep", "JobsOverdue"),
            printed("hand_off", "RecordsRefused"),
        ),
        _graph(
            "Fired",
            *(printed("fire", name) for name in ("JobsFired", "JobsSucceeded", "JobsRetried", "JobsFailed")),
            printed("bury", "JobsBuried"),
            printed("api", "JobsDamaged"),
        ),
    ]


def _queues(watched: Watched) -> list[cloudwatch.IWidget]:
    channels = watched.channels
    return [
        _graph(
            "Lateness, ms",
            *(printed("fire", "LatenessMs", statistic=statistic) for statistic in ("p50", "p99", "Maximum")),
        ),
        _graph(
            "Messages that wait",
            channels.jobs.metric_approximate_number_of_messages_visible(),
            channels.jobs.metric_approximate_number_of_messages_delayed(),
            channels.dead_letters.metric_approximate_number_of_messages_visible(),
            watched.stream_failures.metric_approximate_number_of_messages_visible(),
            watched.uncounted.metric_approximate_number_of_messages_visible(),
        ),
        _graph("Age of the oldest message, s", channels.jobs.metric_approximate_age_of_oldest_message()),
    ]


def _functions(watched: Watched) -> list[cloudwatch.IWidget]:
    functions = watched.functions.values()
    return [
        _graph("Errors", *(function.metric_errors() for function in functions)),
        _graph("Throttles", *(function.metric_throttles() for function in functions)),
        _graph("Duration p99, ms", *(function.metric_duration(statistic="p99") for function in functions)),
    ]


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8, height=6)
