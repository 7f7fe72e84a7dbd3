"""The horizon: what is near, how long a message waits, and why no job falls between stream and sweep."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lambdas.jobs.horizon import Horizon
from tests.fakes import NOW_MS
from tests.world import SWEEP_PERIOD_MS

HORIZON = Horizon()
MINUTE_MS = 60_000


def test_near_is_the_horizon_and_a_margin_of_two_minutes() -> None:
    """17 minutes; what is past is near too."""
    assert HORIZON.near_ms == 17 * MINUTE_MS
    assert HORIZON.is_near(NOW_MS + 17 * MINUTE_MS, NOW_MS)
    assert not HORIZON.is_near(NOW_MS + 17 * MINUTE_MS + 1, NOW_MS)
    assert HORIZON.is_near(NOW_MS - 86_400_000, NOW_MS)


def test_a_shorter_horizon_keeps_its_share_of_margin() -> None:
    """A local run with three minutes has the same protocol with a margin of 24 seconds."""
    assert Horizon(reach_ms=180_000).near_ms == 204_000


@pytest.mark.parametrize(
    ("ahead_ms", "delay_seconds"),
    [
        (-86_400_000, 0),
        (0, 0),
        (2_999, 0),
        (3_000, 1),
        (60_000, 58),
        (60_999, 58),
        (902_000, 900),
        (903_000, 900),
        (1_020_000, 900),
    ],
)
def test_a_message_waits_whole_seconds_and_arrives_at_least_the_lead_early(ahead_ms: int, delay_seconds: int) -> None:
    """Cut down, never up; never below zero, never above the 900 s that SQS gives."""
    assert HORIZON.delay_seconds(NOW_MS + ahead_ms, NOW_MS) == delay_seconds


@given(ahead_ms=st.integers(10_000, 900_000), lead_ms=st.integers(0, 10_000))
def test_a_message_arrives_between_the_lead_and_a_second_more_before_its_instant(ahead_ms: int, lead_ms: int) -> None:
    """Early enough to claim and connect, and not so early that waiting for it costs money."""
    delay_ms = Horizon(lead_ms=lead_ms).delay_seconds(NOW_MS + ahead_ms, NOW_MS) * 1000
    assert lead_ms <= ahead_ms - delay_ms < lead_ms + 1000


@given(
    phase_ms=st.integers(0, SWEEP_PERIOD_MS - 1),
    ahead_ms=st.one_of(st.integers(14 * MINUTE_MS, 20 * MINUTE_MS), st.integers(0, 3 * 3_600_000)),
    judged_ago_ms=st.integers(0, MINUTE_MS),
)
@example(phase_ms=1, ahead_ms=15 * MINUTE_MS + 1, judged_ago_ms=0)
@example(phase_ms=MINUTE_MS + 1, ahead_ms=17 * MINUTE_MS + 1, judged_ago_ms=MINUTE_MS)
def test_no_fire_time_falls_between_the_near_rule_and_the_sweep(
    phase_ms: int, ahead_ms: int, judged_ago_ms: int
) -> None:
    """F7. The stream hands it off, or the sweep whose window holds it begins at least a minute after the write: the
    margin of two minutes less the minute that the clock may have been read before."""
    written_ms = NOW_MS
    fire_at_ms = written_ms - judged_ago_ms + ahead_ms
    if HORIZON.is_near(fire_at_ms, written_ms - judged_ago_ms):
        return
    sweep_ms = NOW_MS - 2 * SWEEP_PERIOD_MS + phase_ms
    while sweep_ms + HORIZON.reach_ms < fire_at_ms:
        sweep_ms += SWEEP_PERIOD_MS
    assert sweep_ms - written_ms >= MINUTE_MS
    assert fire_at_ms - sweep_ms > 2 * SWEEP_PERIOD_MS, "two sweeps may be left out and the third still is in time"
