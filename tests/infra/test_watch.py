"""What wakes the operators: every alarm reaches them, and none waits for a number that nobody prints."""

from __future__ import annotations

from typing import Any

import pytest

from infra.packaging import FUNCTIONS
from lambdas.adapters.powertools_journal import METRICS
from tests.infra.templates import STAGES, Template, synthesised, template

ALARMS = {
    *(
        f"{name}{trouble}"
        for name in ("Authorize", "Api", "Check", "HandOff", "Sweep", "Fire", "Bury", "Count")
        for trouble in ("Errors", "Throttles")
    ),
    "SweepSilence",
    "DeadLettersWaiting",
    "JobsQueueAge",
    "StreamFailures",
    "StreamAge",
    "Uncounted",
    "CountingAge",
    "Lateness",
    "Retries",
    "Failures",
    "ServerErrors",
    "DamagedJobs",
}

AWS_OWN = {
    "AWS/Lambda": {"Errors", "Throttles", "Invocations", "IteratorAge"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    "AWS/ApiGateway": {"5xx"},
}


@pytest.mark.parametrize(
    ("stage", "names"), [("dev", ALARMS), ("prod", ALARMS), ("local", ALARMS - {"Retries", "Failures"})]
)
def test_there_is_an_alarm_for_everything_that_can_go_wrong(stage: str, names: set[str]) -> None:
    """The emulator takes no alarm on a share, and rings none anyway."""
    assert alarms(template(stage)).keys() == names


@pytest.mark.parametrize("stage", STAGES)
def test_every_alarm_goes_to_the_alerts_topic(stage: str) -> None:
    """And says what is wrong."""
    made = template(stage)
    (topic,) = made.all("AWS::SNS::Topic")
    for alarm in alarms(made).values():
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert alarm.get("ActionsEnabled", True) is True
        assert len(alarm["AlarmDescription"]) > 60


def test_every_metric_is_of_aws_or_printed_by_a_function() -> None:
    """An alarm on a misspelt metric would be silent for ever."""
    printed = {name for name, _ in METRICS.values()}
    for metric in metrics(template("prod")):
        if metric["Namespace"] == "Punctual":
            assert metric["MetricName"] in printed
            (dimension,) = metric["Dimensions"]
            assert dimension["Name"] == "service"
            assert dimension["Value"] in FUNCTIONS
        else:
            assert metric["MetricName"] in AWS_OWN[metric["Namespace"]]


def test_the_dashboard_shows_every_metric_that_is_printed() -> None:
    """And names no other."""
    body = template("prod").one("AWS::CloudWatch::Dashboard")["DashboardBody"]
    text = "".join(part if isinstance(part, str) else "?" for part in body["Fn::Join"][1])
    shown = {part for part in text.replace('"', " ").replace(",", " ").split() if part.startswith(("Jobs", "Records"))}
    assert {name for name, _ in METRICS.values() if name != "LatenessMs"} <= shown
    assert "LatenessMs" in text


@pytest.mark.parametrize("stage", STAGES)
def test_silence_of_the_sweep_is_an_alarm_of_its_own(stage: str) -> None:
    """No sweep for two periods: that is no data, and no data rings. A third skipped one would make jobs late."""
    silence = alarms(template(stage))["SweepSilence"]
    assert silence["TreatMissingData"] == "breaching"
    assert silence["ComparisonOperator"] == "LessThanThreshold"
    assert (silence["Threshold"], silence["EvaluationPeriods"], silence["Period"]) == (1, 2, 240)


def test_the_silence_that_is_waited_for_follows_the_period_of_the_sweep() -> None:
    """A setting."""
    made = synthesised(stage="dev", sweep_minutes=1, horizon_seconds=180)
    assert alarms(made)["SweepSilence"]["Period"] == 60


@pytest.mark.parametrize("stage", STAGES)
def test_no_data_rings_no_other_alarm(stage: str) -> None:
    """P7: nothing runs when nothing is due, and then there are no numbers."""
    for name, alarm in alarms(template(stage)).items():
        if name != "SweepSilence":
            assert alarm["TreatMissingData"] == "notBreaching", name


@pytest.mark.parametrize("stage", STAGES)
def test_a_message_may_lie_for_the_horizon_before_its_age_is_an_alarm(stage: str) -> None:
    """It is meant to: SQS counts from the enqueue."""
    made = template(stage)
    assert alarms(made)["JobsQueueAge"]["Threshold"] > int(made.environment("sweep")["PUNCTUAL_HORIZON_SECONDS"])


@pytest.mark.parametrize("stage", STAGES)
def test_lateness_is_watched_where_one_job_in_a_hundred_feels_it(stage: str) -> None:
    """In milliseconds, as `fire` prints it."""
    lateness = alarms(template(stage))["Lateness"]
    assert lateness["ExtendedStatistic"] == "p99"
    assert lateness["Dimensions"] == [{"Name": "service", "Value": "fire"}]
    assert lateness["Threshold"] == 1000


def alarms(made: Template) -> dict[str, dict[str, Any]]:
    """By name, without the hash that the CDK puts behind it."""
    return {
        logical_id.removeprefix("Watch")[:-8]: alarm for logical_id, alarm in made.all("AWS::CloudWatch::Alarm").items()
    }


def metrics(made: Template) -> list[dict[str, Any]]:
    """Each alarm's metric, or those of its expression."""
    found = []
    for alarm in alarms(made).values():
        in_expression = [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", ()) if "MetricStat" in part]
        found += in_expression or [alarm]
    return found
