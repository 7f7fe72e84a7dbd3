"""What there is to measure: the parts of the stack, and the metrics that functions print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from infra.channels import Channels
from infra.front_door import FrontDoor
from infra.python_function import METRICS_NAMESPACE

MINUTE = Duration.minutes(1)
FIVE_MINUTES = Duration.minutes(5)


@dataclass(frozen=True)
class Watched:
    """What there is to watch. `functions` maps names ("hand_off") to functions, in the order of the journey."""

    functions: Mapping[str, lambda_.Function]
    front_door: FrontDoor
    channels: Channels
    stream_failures: sqs.Queue
    uncounted: sqs.Queue
    sweep_period: Duration


def printed(
    function: str, metric: str, *, statistic: str = "Sum", period: Duration = FIVE_MINUTES
) -> cloudwatch.Metric:
    """A metric that `function` prints in embedded metric format."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=metric,
        dimensions_map={"service": function},
        statistic=statistic,
        period=period,
    )


def share_of_attempts(metric: str) -> cloudwatch.MathExpression:
    """Per cent; nothing while there are too few attempts to tell a trend from an accident."""
    return cloudwatch.MathExpression(
        expression="IF(fired >= 20, 100 * counted / fired, 0)",
        using_metrics={"counted": printed("fire", metric), "fired": printed("fire", "JobsFired")},
        label=f"{metric} of JobsFired, %",
        period=FIVE_MINUTES,
    )
