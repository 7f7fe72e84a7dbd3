"""A burst from idle, played through."""

from __future__ import annotations

from dataclasses import replace

from bench.burst import Pace, play

PACE = Pace(lead_ms=2_000, cold_ms=800, prepare_ms=50, finish_ms=250, workers=100)


def test_a_few_jobs_find_their_workers_in_time() -> None:
    """Five workers start within the lead."""
    burst = play(5, PACE)
    assert set(burst.lateness_ms) == {0}
    assert burst.invocations == 5


def test_of_a_thousand_most_are_late_by_seconds() -> None:
    """There are some twenty workers by the instant, each with ten jobs at most."""
    late = sorted(play(1_000, PACE).lateness_ms)
    assert len(late) == 1_000
    assert 50 < late.count(0) < 200
    assert 500 < late[500] < 1_500
    assert late[-1] < 3_000


def test_more_time_or_quicker_workers_make_fewer_late() -> None:
    """What the lead and the CPU of a batch are for."""
    in_time = play(1_000, PACE).lateness_ms.count(0)
    assert play(1_000, replace(PACE, lead_ms=6_000)).lateness_ms.count(0) > in_time
    assert max(play(1_000, replace(PACE, finish_ms=2_000)).lateness_ms) > max(play(1_000, PACE).lateness_ms)


def test_no_more_workers_than_there_may_be() -> None:
    """Two workers take a hundred jobs ten by ten."""
    burst = play(100, replace(PACE, workers=2))
    assert burst.invocations >= 10
    assert max(burst.lateness_ms) > 1_000


def test_what_is_paid_for_is_waiting_and_work() -> None:
    """A single job: from its message, up to three seconds early, until it is settled."""
    assert play(1, PACE).busy_ms == 1_000 + 2_000 + 250


def test_ten_thousand_in_a_minute_find_their_workers_nearly_all_in_time() -> None:
    """F24. Until there are workers for 167 jobs a second some wait a moment; then every one finds one in the lead."""
    late = play(10_000, PACE, over_ms=60_000).lateness_ms
    assert len(late) == 10_000
    assert 0 < max(late[:1_000]) < 1_000
    assert set(late[1_000:]) == {0}


def test_too_few_workers_for_a_minutes_jobs_fall_behind_for_good() -> None:
    """Four that hurry make 133 jobs a second, of 167: by the end of the minute they are a quarter of it behind."""
    late = play(10_000, replace(PACE, workers=4), over_ms=60_000).lateness_ms
    assert late[-1] > 10_000
    assert late.index(max(late)) > 9_900
