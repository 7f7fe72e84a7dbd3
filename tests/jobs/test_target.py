"""A target's record: what is decided by it, and what becomes of it. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.job import Expectation, Job
from lambdas.jobs.outcome import judge
from lambdas.jobs.sending import Answer, Failure
from lambdas.jobs.target import (
    LONGEST_SPREAD_MS,
    Admission,
    Deny,
    Limits,
    Probe,
    PutOff,
    Send,
    Sign,
    State,
    Target,
    admission,
    asked_for_ms,
    sign_of,
)
from tests.examples import HORIZON, a_job
from tests.fakes import NOW_MS, FakeSender

LIMITS = Limits()
MINUTE_MS = 60_000
BLANK = Target(owner="ada", host="example.com", since_ms=NOW_MS, version=NOW_MS)
FIRST = BLANK.opened("connect_failed", asked_ms=0, now_ms=NOW_MS, limits=LIMITS)


def least(low: float, _: float) -> float:
    return low


def most(_: float, high: float) -> float:
    return high


def due_at(fire_at_ms: int, *, waiting_since_ms: int | None = None) -> Job:
    """A claimed job with this fire time."""
    job = a_job(due_at_ms=fire_at_ms).claimed(claim_id="claim-1", now_ms=NOW_MS)
    return replace(job, waiting_since_ms=waiting_since_ms)


def admitted(target: Target | None, job: Job, *, now_ms: int | None = None) -> Admission:
    now_ms = job.fire_at_ms if now_ms is None else now_ms
    return admission(target, job, now_ms=now_ms, limits=LIMITS, uniform=least)


class TestSigns:
    @pytest.mark.parametrize("status", [200, 204, 299])
    def test_a_success_is_well(self, status: int) -> None:
        """Whatever 2xx."""
        assert sign_of(judge(a_job(), FakeSender.answering(status))) is Sign.WELL

    def test_an_answer_that_is_not_what_was_expected_comes_from_a_target_that_is_well(self) -> None:
        """It does its work; what it says is between it and the job."""
        job = a_job(expect=Expectation(body_contains="done"))
        assert sign_of(judge(job, FakeSender.answering(200))) is Sign.WELL

    def test_a_status_that_was_expected_is_well(self) -> None:
        """Also 503, if that is what the job asks for."""
        assert sign_of(judge(a_job(expect=Expectation(statuses=503)), FakeSender.answering(503))) is Sign.WELL

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 503, 599])
    def test_what_may_pass_is_a_failure(self, status: int) -> None:
        """As for the job."""
        assert sign_of(judge(a_job(), FakeSender.answering(status))) is Sign.FAILURE

    @pytest.mark.parametrize(
        "code",
        ["name_not_found", "connect_failed", "connect_timeout", "tls_failed", "connection_lost", "bad_response"],
    )
    def test_what_keeps_an_answer_from_coming_is_a_failure(self, code: str) -> None:
        """Whether or not the request was sent."""
        for started in (None, float(NOW_MS)):
            assert sign_of(judge(a_job(), Failure(code, "No.", started, 1))) is Sign.FAILURE

    def test_a_time_out_is_a_failure_unless_it_was_ours(self) -> None:
        """A request that this worker was too late to send says nothing of the target."""
        assert sign_of(judge(a_job(), Failure("timeout", "Slow.", NOW_MS, 30_000))) is Sign.FAILURE
        assert sign_of(judge(a_job(), Failure("timeout", "Too late.", None, 1))) is Sign.NOTHING

    @pytest.mark.parametrize("status", [301, 304, 400, 401, 404, 410])
    def test_what_will_not_pass_is_a_refusal(self, status: int) -> None:
        """410 like any other: trying it again would not help."""
        assert sign_of(judge(a_job(), FakeSender.answering(status))) is Sign.REFUSAL

    def test_a_bad_certificate_is_a_refusal(self) -> None:
        """It must be mended by somebody."""
        assert sign_of(judge(a_job(), Failure("certificate_invalid", "Expired.", None, 1))) is Sign.REFUSAL

    def test_an_address_that_must_not_be_called_says_nothing(self) -> None:
        """Nobody was asked."""
        assert sign_of(judge(a_job(), Failure("address_denied", "Private.", None, 1))) is Sign.NOTHING

    @pytest.mark.parametrize(("status", "asked_ms"), [(429, 7_000), (503, 7_000), (500, 0), (408, 0)])
    def test_patience_is_asked_for_by_429_and_503(self, status: int, asked_ms: int) -> None:
        """Elsewhere `Retry-After` is for the one job only."""
        answer: Answer = FakeSender.answering(status, headers={"Retry-After": "7"})
        assert asked_for_ms(judge(a_job(), answer)) == asked_ms


class TestAdmission:
    def test_where_nothing_is_known_a_job_is_sent(self) -> None:
        """The common case."""
        assert admitted(None, due_at(NOW_MS)) == Send()

    def test_a_target_that_fails_now_and_then_is_called(self) -> None:
        """Until it has failed too often in a row."""
        assert admitted(replace(BLANK, failures=9), due_at(NOW_MS)) == Send()

    def test_while_it_is_paused_jobs_are_put_off_to_the_end_of_the_pause(self) -> None:
        """And a little later, so that not all come at once."""
        assert FIRST.until_ms == NOW_MS + 30_000
        assert admitted(FIRST, due_at(NOW_MS + 29_999)) == PutOff(NOW_MS + 30_000)
        latest = admission(FIRST, due_at(NOW_MS), now_ms=NOW_MS, limits=LIMITS, uniform=most)
        assert latest == PutOff(NOW_MS + 32_000)

    def test_after_a_long_pause_jobs_come_back_over_a_minute(self) -> None:
        """A target that is just well again must not be run over."""
        long = replace(FIRST, pause_ms=LIMITS.longest_pause_ms)
        put_off = admission(long, due_at(NOW_MS), now_ms=NOW_MS, limits=LIMITS, uniform=most)
        assert put_off == PutOff(NOW_MS + 30_000 + LONGEST_SPREAD_MS)

    def test_it_is_judged_by_the_instant_of_sending(self) -> None:
        """A job is claimed seconds before: one that will fire after the pause need not wait, and keeps its time."""
        assert admitted(FIRST, due_at(NOW_MS + 30_000), now_ms=NOW_MS + 25_000) == Probe(FIRST)

    def test_a_new_fire_time_is_beyond_the_old_one(self) -> None:
        """Or a message of the old one, delivered twice, would be taken for the new one's."""
        for target in (FIRST, FIRST.probed("claim-2", until_ms=NOW_MS + 90_000, now_ms=NOW_MS)):
            for fire_at_ms in (NOW_MS, NOW_MS + 29_999, NOW_MS + 30_000, NOW_MS + 89_999):
                decided = admitted(target, due_at(fire_at_ms))
                assert isinstance(decided, Probe) or (isinstance(decided, PutOff) and decided.fire_at_ms > fire_at_ms)

    def test_when_the_pause_is_over_one_tries_and_the_others_come_again_soon(self) -> None:
        """So that a target that is still down costs one attempt."""
        job = due_at(NOW_MS + 30_000)
        assert admitted(FIRST, job) == Probe(FIRST)
        probed = FIRST.probed("claim-2", until_ms=NOW_MS + 90_000, now_ms=NOW_MS)
        assert admitted(probed, job) == PutOff(NOW_MS + 40_001)

    def test_a_probe_that_is_not_heard_of_is_followed_by_another(self) -> None:
        """Its worker died."""
        probed = FIRST.probed("claim-2", until_ms=NOW_MS + 90_000, now_ms=NOW_MS)
        assert admitted(probed, due_at(NOW_MS + 90_000)) == Probe(probed)

    def test_a_pause_that_the_target_asked_for_ends_by_itself(self) -> None:
        """It named the time: no probe is needed."""
        asked = BLANK.asked_to_wait(5_000, now_ms=NOW_MS, limits=LIMITS)
        assert admitted(asked, due_at(NOW_MS + 4_999)) == PutOff(NOW_MS + 5_000)
        assert admitted(asked, due_at(NOW_MS + 5_000)) == Send()
        assert [asked.state_at(NOW_MS + ms) for ms in (4_999, 5_000)] == [State.PAUSED, State.ALLOWED]

    def test_a_denied_target_is_not_called(self) -> None:
        """However long a job has waited."""
        denied = BLANK.denied("status_permanent", now_ms=NOW_MS)
        assert admitted(denied, due_at(NOW_MS + 10**9, waiting_since_ms=NOW_MS)) == Deny()

    def test_a_job_that_has_waited_a_day_is_sent_regardless(self) -> None:
        """Whoever paused the target, the job is not to be forgotten for it."""
        since_ms = NOW_MS - LIMITS.longest_wait_ms
        assert admitted(FIRST, due_at(NOW_MS, waiting_since_ms=since_ms + 1)) == PutOff(NOW_MS + 30_000)
        assert admitted(FIRST, due_at(NOW_MS, waiting_since_ms=since_ms)) == Send()


class TestPauses:
    def test_each_failed_probe_doubles_the_pause_up_to_the_longest(self) -> None:
        """From half a minute to a quarter of an hour."""
        target, pauses = FIRST, []
        for _ in range(7):
            pauses.append(target.pause_ms // 1000)
            target = target.paused_again("timeout", asked_ms=0, now_ms=NOW_MS, limits=LIMITS)
        assert pauses == [30, 60, 120, 240, 480, 900, 900]

    def test_a_target_that_asks_for_more_gets_it_up_to_the_longest(self) -> None:
        """Never so long that jobs wait for a century."""
        asked = [
            BLANK.asked_to_wait(5_000, now_ms=NOW_MS, limits=LIMITS),
            BLANK.asked_to_wait(10**9, now_ms=NOW_MS, limits=LIMITS),
            BLANK.opened("status_retryable", asked_ms=45_000, now_ms=NOW_MS, limits=LIMITS),
            FIRST.paused_again("status_retryable", asked_ms=10**9, now_ms=NOW_MS, limits=LIMITS),
        ]
        assert [target.pause_ms // 1000 for target in asked] == [5, 900, 45, 900]
        assert all(target.until_ms == NOW_MS + target.pause_ms for target in asked)

    def test_the_probe_is_let_go_when_its_outcome_is_known(self) -> None:
        """So that the next pause ends with another."""
        probed = FIRST.probed("claim-1", until_ms=NOW_MS + 90_000, now_ms=NOW_MS)
        for after in (
            probed.paused_again("timeout", asked_ms=0, now_ms=NOW_MS, limits=LIMITS),
            probed.closed(now_ms=NOW_MS),
            probed.denied("status_permanent", now_ms=NOW_MS),
        ):
            assert (after.probe, after.probe_until_ms) == (None, None)

    def test_every_change_raises_the_version_also_when_clocks_differ(self) -> None:
        """A worker that is behind must not write the number that another has written."""
        for now_ms in (NOW_MS - MINUTE_MS, NOW_MS, NOW_MS + MINUTE_MS):
            changed = [
                FIRST.begun_anew(Sign.FAILURE, now_ms=now_ms),
                FIRST.probed("claim-1", until_ms=now_ms, now_ms=now_ms),
                FIRST.closed(now_ms=now_ms),
                FIRST.told(now_ms=now_ms),
                FIRST.being_told(now_ms=now_ms),
            ]
            assert all(target.version > FIRST.version for target in changed)

    def test_being_put_off_keeps_the_job_as_it_was(self) -> None:
        """But for its fire time, and since when it waits."""
        job = a_job()
        back = job.claimed(claim_id="c", now_ms=NOW_MS).put_off(
            fire_at_ms=job.fire_at_ms + 1, now_ms=NOW_MS, horizon=HORIZON
        )
        assert replace(back, version=1, waiting_since_ms=None, fire_at_ms=job.fire_at_ms) == job
