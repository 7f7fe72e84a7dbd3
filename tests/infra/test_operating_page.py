"""docs/operating.md says of the stack what the template says: who reads a variable, what rings, what is paid for."""

from __future__ import annotations

import re

from bench import prices
from infra.packaging import FUNCTIONS
from lambdas.adapters.powertools_journal import METRICS
from tests.infra.templates import template, template_with_everything
from tests.pages import section

PAGE = "docs/operating.md"


def test_who_reads_a_variable_is_told_with_it() -> None:
    """Each of the template's, with the functions that are given it."""
    rows = re.findall(
        r"^\| (`(?:PUNCTUAL|POWERTOOLS)_[^|]+) \| ([a-z_, ]+) \|", section(PAGE, "Settings"), re.MULTILINE
    )
    told = {name: readers.split(", ") for names, readers in rows for name in re.findall(r"`(\w+)`", names)}
    made = template_with_everything()
    given = {name: [function for function in FUNCTIONS if name in made.environment(function)] for name in told}
    assert {name for function in FUNCTIONS for name in made.environment(function)} == told.keys()
    assert {name: list(FUNCTIONS) if readers == ["all"] else readers for name, readers in told.items()} == given


def test_alarms_are_counted_as_they_are() -> None:
    """Where they are listed and where they are paid for; those on a share read two metrics."""
    alarms = template("prod").all("AWS::CloudWatch::Alarm").values()
    shares = sum("Metrics" in alarm for alarm in alarms)
    assert shares == 2
    dollars = (len(alarms) + shares) * prices.ALARM_METRIC_MONTH
    assert f"There are {len(alarms)}, for" in section(PAGE, "Alarms")
    assert f"| alarms: {len(alarms)}, of which two count twice | ${dollars:.2f}," in idle()


def test_metrics_and_keys_are_paid_for_as_they_are() -> None:
    """Whatever is due."""
    made = template("prod")
    dashboard = str(made.one("AWS::CloudWatch::Dashboard")).replace("\\", "")
    shown = set(re.findall(r'"Punctual","(\w+)","service","(\w+)"', dashboard))
    assert {name for name, _ in shown} == {name for name, _ in METRICS.values()}
    assert f"| metrics of our own: {len(shown)} | ${len(shown) * prices.METRIC_MONTH:.2f}," in idle()
    assert f"| ${len(made.all('AWS::KMS::Key')) * prices.KEY_MONTH:.2f} |\n| calls of that key" in idle()


def idle() -> str:
    return section(PAGE, "What it costs when nothing is due")
