"""What calls the functions behind the front door, and how failures come back. The emulator keeps only part of it."""

from __future__ import annotations

import json

import pytest

from tests.infra.templates import STAGES, synthesised, template


@pytest.mark.parametrize("stage", STAGES)
def test_only_near_jobs_wake_hand_off(stage: str) -> None:
    """The filter is on the typed leaf: far-away and finished jobs cost no invocation."""
    (pattern,) = template(stage).event_source("hand_off")["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {"dynamodb": {"NewImage": {"handoff": {"N": [{"exists": True}]}}}}


@pytest.mark.parametrize("stage", STAGES)
def test_a_bad_record_does_not_take_its_neighbours_with_it(stage: str) -> None:
    """Reported by record, found by halving, tried a few times, for five minutes at most, then written down."""
    made = template(stage)
    source = made.event_source("hand_off")
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"] is True
    assert source["MaximumRecordAgeInSeconds"] == 300
    assert 1 <= source["MaximumRetryAttempts"] <= 5
    destination = source["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": [made.queue_id("Failures"), "Arn"]}


@pytest.mark.parametrize("stage", STAGES)
def test_the_stream_is_read_from_its_oldest_record_and_without_waiting(stage: str) -> None:
    """LATEST would miss what is written while the mapping is made."""
    source = template(stage).event_source("hand_off")
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert "MaximumBatchingWindowInSeconds" not in source


@pytest.mark.parametrize("stage", STAGES)
def test_counting_is_woken_by_jobs_only(stage: str) -> None:
    """Not by what is stored beside them, nor by the counters that it writes itself."""
    (pattern,) = template(stage).event_source("count")["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {"dynamodb": {"Keys": {"sk": {"S": ["JOB"]}}}}


@pytest.mark.parametrize("stage", STAGES)
def test_counting_knows_its_shard_and_tries_until_the_stream_forgets(stage: str) -> None:
    """An event names its shard only where the source has a window, and a window allows one batch of a shard at once.
    What is given up at last is written down."""
    made = template(stage)
    source = made.event_source("count")
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert 0 < source["TumblingWindowInSeconds"] <= 900
    assert "ParallelizationFactor" not in source
    assert "MaximumRetryAttempts" not in source, "AWS's default is: until the record is too old"
    assert 12 * 3600 <= source["MaximumRecordAgeInSeconds"] < 24 * 3600
    destination = source["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": [made.queue_id("Uncounted"), "Arn"]}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(("function", "queue"), [("fire", "Jobs"), ("bury", "DeadLetters")])
def test_a_queue_keeps_the_messages_that_its_function_reports(function: str, queue: str, stage: str) -> None:
    """Ten at a time, each acknowledged for itself."""
    made = template(stage)
    source = made.event_source(function)
    assert source["EventSourceArn"] == {"Fn::GetAtt": [made.queue_id(queue), "Arn"]}
    assert source["BatchSize"] == 10
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumBatchingWindowInSeconds" not in source, "it would be taken from the lead"


@pytest.mark.parametrize(("stage", "at_once"), [("local", 12), ("dev", 20), ("prod", 100)])
def test_workers_are_limited_where_they_are_called(stage: str, at_once: int) -> None:
    """And the limit is a setting."""
    assert template(stage).event_source("fire")["ScalingConfig"] == {"MaximumConcurrency": at_once}
    limited = synthesised(stage=stage, max_concurrency="33").event_source("fire")
    assert limited["ScalingConfig"] == {"MaximumConcurrency": 33}


@pytest.mark.parametrize("stage", STAGES)
def test_a_sweep_runs_every_four_minutes(stage: str) -> None:
    """By a rule that is on."""
    made = template(stage)
    rule = made.one("AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(4 minutes)"
    assert rule["State"] == "ENABLED"
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": [made.function_id("sweep"), "Arn"]}


def test_the_period_of_the_sweep_is_a_setting() -> None:
    """For watching the way of far-away jobs."""
    made = synthesised(stage="local", sweep_minutes="1", horizon_seconds="180")
    assert made.one("AWS::Events::Rule")["ScheduleExpression"] == "rate(1 minute)"
