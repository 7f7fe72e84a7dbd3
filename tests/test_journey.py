"""The whole journey of a job, on the fakes: every part is the real core, and time passes as a test says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.errors import EditLost
from lambdas.jobs.job import MAX_DEATHS, Job, Notify, Request, RetryPolicy, Status
from lambdas.jobs.sending import Answer, Failure, OutgoingRequest
from tests.examples import a_job
from tests.fakes import NOW_MS, FakeSender, Script
from tests.world import MAX_RECEIVES, SWEEP_PERIOD_MS, VISIBILITY_MS, WorkerDied, World, dies

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
ANSWER = FakeSender.answering


@pytest.fixture
def world() -> World:
    """A service that has been running: the sweep has just handed off the next 15 minutes."""
    world = World()
    world.run(seconds=0)
    return world


def accepted(world: World, *answers: Script, **changes: object) -> Job:
    """A job of its own target, stored as the API stores it."""
    job = a_job(**{"due_in_ms": 5 * MINUTE_MS, **changes})  # type: ignore[arg-type]
    return world.accept(replace(job, request=Request("POST", f"https://example.com/{job.id}")), *answers)


def outcomes(world: World, job: Job) -> list[str]:
    return [attempt.outcome.value for attempt in world.store[job.id].attempts]


class TestOnTime:
    @pytest.mark.parametrize("due_in_ms", [0, 1, 1_500, 2_500, 7_500, MINUTE_MS, 15 * MINUTE_MS, 17 * MINUTE_MS])
    def test_a_near_job_goes_by_the_stream_and_fires_on_its_millisecond(self, world: World, due_in_ms: int) -> None:
        """Create → hand off → claim → wait → send → settle. No sweep is needed for it."""
        world.next_sweep_ms = NOW_MS + 10 * HOUR_MS
        job = accepted(world, due_in_ms=due_in_ms)
        world.run(seconds=20 * 60)
        assert world.sent(job) == [job.due_at_ms]
        after = world.store[job.id]
        assert (after.status, after.attempts[0].lateness_ms) == (Status.SUCCEEDED, 0)

    @pytest.mark.parametrize("due_in_ms", [17 * MINUTE_MS + 1, 18 * MINUTE_MS, 3 * HOUR_MS + 1, 30 * 24 * HOUR_MS])
    def test_a_far_job_goes_by_the_sweep_and_fires_on_its_millisecond(self, world: World, due_in_ms: int) -> None:
        """Create → sweep → claim → wait → send → settle. The stream has nothing to say of it."""
        job = accepted(world, due_in_ms=due_in_ms)
        assert world.store.stream == []
        world.clock.ms = world.next_sweep_ms = job.due_at_ms - 20 * MINUTE_MS  # nothing happens until then
        world.run(seconds=25 * 60)
        assert world.sent(job) == [job.due_at_ms]
        assert world.store[job.id].status is Status.SUCCEEDED

    def test_a_job_that_stream_and_sweep_both_hand_off_is_sent_once(self, world: World) -> None:
        """The claim drops the second message."""
        job = accepted(world, due_in_ms=16 * MINUTE_MS)
        world.run(seconds=4 * 60)
        assert world.messages() == [job.due, job.due]
        world.run(seconds=14 * 60)
        assert world.sent(job) == [job.due_at_ms]

    def test_a_hundred_jobs_of_one_instant_all_fire_once(self, world: World) -> None:
        """F24, as far as fakes go: ten batches."""
        jobs = [accepted(world) for _ in range(100)]
        world.run(seconds=6 * 60)
        assert all(world.sent(job) == [job.due_at_ms] for job in jobs)


class TestRetries:
    def test_a_retry_is_near_goes_by_the_stream_and_succeeds(self, world: World) -> None:
        """Twice 503, then 200: three attempts, one job, one key, and each on its planned millisecond."""
        job = accepted(world, ANSWER(503), ANSWER(503), ANSWER(200))
        world.next_sweep_ms = NOW_MS + 10 * HOUR_MS
        world.run(seconds=20 * 60)
        after = world.store[job.id]
        assert outcomes(world, job) == ["retry", "retry", "succeeded"]
        assert world.sent(job) == [job.due_at_ms, *(a.next_attempt_at_ms for a in after.attempts[:2])]
        assert [attempt.lateness_ms for attempt in after.attempts] == [0, 0, 0]
        assert (after.due_at_ms, world.keys(job)) == (job.due_at_ms, [job.id] * 3)

    def test_a_retry_that_the_target_wants_in_an_hour_goes_by_the_sweep(self, world: World) -> None:
        """F18. Retry-After: 3600. No message waits for so long."""
        job = accepted(world, ANSWER(429, headers={"Retry-After": "3600"}), ANSWER(200))
        world.run(seconds=6 * 60)
        assert world.queue.waiting == []
        world.run(seconds=2 * 3_600)
        first, second = world.sent(job)
        assert first + HOUR_MS <= second <= first + HOUR_MS + 1_000
        assert outcomes(world, job) == ["retry", "succeeded"]

    def test_attempts_used_up_end_in_one_alert(self, world: World) -> None:
        """Failure → dead letter → buried → told."""
        job = accepted(world, ANSWER(503), retry=RetryPolicy(max_attempts=3))
        world.run(seconds=30 * 60)
        assert outcomes(world, job) == ["retry", "retry", "failed"]
        assert world.store[job.id].status is Status.FAILED
        assert len(world.alerts_of(job)) == 1
        assert world.queue.letters == []

    def test_a_permanent_failure_ends_in_one_alert_at_once(self, world: World) -> None:
        """404: no retry."""
        job = accepted(world, ANSWER(404))
        world.run(seconds=6 * 60)
        assert outcomes(world, job) == ["failed"]
        assert len(world.alerts_of(job)) == 1
        assert world.store[job.id].alerted_at_ms is not None

    def test_a_failure_that_nobody_wants_to_hear_of_is_only_recorded(self, world: World) -> None:
        """`notify.on` is empty."""
        job = accepted(world, ANSWER(404), notify=Notify(()))
        world.run(seconds=6 * 60)
        assert (world.store[job.id].status, world.alerts.sent) == (Status.FAILED, [])


class TestEdits:
    def test_a_cancelled_job_sends_nothing(self, world: World) -> None:
        """Its message is on the queue already, and does nothing."""
        job = accepted(world)
        world.run(seconds=60)
        world.cancel(job.id)
        world.run(seconds=HOUR_MS / 1000)
        assert (world.sent(job), world.store[job.id].status) == ([], Status.CANCELLED)

    @pytest.mark.parametrize("moved_ms", [-2 * MINUTE_MS, 2 * MINUTE_MS, 30 * MINUTE_MS])
    def test_a_rescheduled_job_fires_at_its_new_time_only(self, world: World, moved_ms: int) -> None:
        """P4: earlier, later, and from near to far."""
        job = accepted(world)
        world.run(seconds=60)
        moved = world.reschedule(job.id, job.due_at_ms + moved_ms)
        world.run(seconds=HOUR_MS / 1000)
        assert world.sent(job) == [moved.due_at_ms]

    def test_of_three_edits_in_a_row_only_the_last_counts(self, world: World) -> None:
        """F16: each was handed off, and there and back again counts once."""
        job = accepted(world)
        for minutes in (3, 10, 5):
            world.hand_off()
            world.reschedule(job.id, NOW_MS + minutes * MINUTE_MS)
        world.run(seconds=HOUR_MS / 1000)
        assert world.sent(job) == [NOW_MS + 5 * MINUTE_MS]

    def test_records_out_of_order_do_no_harm(self, world: World) -> None:
        """F3: delivered twice, and the older one last."""
        job = accepted(world)
        moved = world.reschedule(job.id, job.due_at_ms + MINUTE_MS)
        world.store.stream = [*reversed(world.store.stream), *world.store.stream]
        world.run(seconds=HOUR_MS / 1000)
        assert world.sent(job) == [moved.due_at_ms]

    def test_a_running_job_cannot_be_changed(self, world: World) -> None:
        """F15: the claim has won, so the edit loses."""
        job = accepted(world)
        lost: list[Job | None] = []

        def edit_now(_: OutgoingRequest) -> Answer:
            with pytest.raises(EditLost) as cancelled:
                world.cancel(job.id)
            with pytest.raises(EditLost) as moved:
                world.reschedule(job.id, NOW_MS + HOUR_MS)
            lost.extend([cancelled.value.found, moved.value.found])
            return ANSWER(200)

        world.sender.answers[f"https://example.com/{job.id}"] = [edit_now]
        world.run(seconds=6 * 60)
        assert [found.status for found in lost if found] == [Status.RUNNING] * 2
        assert outcomes(world, job) == ["succeeded"]

    def test_a_job_between_two_attempts_can_be_cancelled(self, world: World) -> None:
        """It is scheduled, and the retry's message does nothing."""
        job = accepted(world, ANSWER(503, headers={"Retry-After": "600"}))
        world.run(seconds=6 * 60)
        world.cancel(job.id)
        world.run(seconds=HOUR_MS / 1000)
        assert len(world.sent(job)) == 1


class TestDeaths:
    @pytest.mark.parametrize(
        ("step", "requests"),
        [("before claim", 1), ("after claim", 1), ("before sending", 1), ("after sending", 2), ("before settle", 2)],
    )
    def test_a_worker_that_dies_is_followed_by_another_with_the_same_key(
        self, world: World, step: str, requests: int
    ) -> None:
        """F11: before, during and after the request. Never a lost job, and a receiver can tell the second request."""
        job = accepted(world)
        if step == "after sending":
            world.sender.answers[f"https://example.com/{job.id}"] = [dies_in_mid_request, ANSWER(200)]
        else:
            when, method = step.replace("sending", "with_request").split()
            getattr(world.store, when)[method] = dies
        world.run(seconds=HOUR_MS / 1000)
        assert world.store[job.id].status is Status.SUCCEEDED
        assert world.keys(job) == [job.id] * requests
        expected = ["succeeded"] if step == "before claim" else ["died", "succeeded"]
        assert outcomes(world, job) == expected

    def test_a_worker_that_dies_after_settling_changes_nothing(self, world: World) -> None:
        """Its message comes again and finds the job done."""
        job = accepted(world)
        world.store.after["settle"] = dies
        world.run(seconds=HOUR_MS / 1000)
        assert (outcomes(world, job), len(world.sent(job))) == (["succeeded"], 1)

    def test_five_deaths_end_in_one_failure_with_an_honest_reason(self, world: World) -> None:
        """F12: a poison job does not cost workers for ever."""
        job = accepted(world, dies_in_mid_request)
        world.run(seconds=2 * HOUR_MS / 1000)
        after = world.store[job.id]
        assert after.status is Status.FAILED
        assert outcomes(world, job) == ["died"] * (MAX_DEATHS - 1) + ["failed"]
        assert after.attempts[-1].error is not None
        assert after.attempts[-1].error.message.startswith("5 workers in a row died on this job.")
        assert world.keys(job) == [job.id] * MAX_DEATHS
        assert len(world.alerts_of(job)) == 1
        assert "The request may have been sent." in world.alerts_of(job)[0]

    def test_when_the_queue_gives_up_before_the_deaths_are_used_up_the_sweep_goes_on(self, world: World) -> None:
        """The message is lost to the dead letters; the job is not."""
        job = accepted(world)
        world.hand_off()
        world.clock.ms = job.fire_at_ms
        for _ in range(MAX_RECEIVES):
            world.store.before["claim"] = dies
            assert world.work() == 1
            world.clock.advance(ms=VISIBILITY_MS)
        assert (world.work(), world.messages(), len(world.queue.letters)) == (1, [], 1)
        world.run(seconds=3 * SWEEP_PERIOD_MS / 1000)
        assert outcomes(world, job) == ["succeeded"]

    def test_a_burier_that_dies_half_way_leaves_nobody_untold(self, world: World) -> None:
        """F23: the job ends failed, the alert goes out."""
        job = accepted(world, ANSWER(404))
        world.store.before["mark_alerted"] = dies
        world.run(seconds=6 * 60)
        world.run(seconds=6 * 60)
        assert len(world.alerts_of(job)) == 2, "once more is better than never"
        assert world.store[job.id].alerted_at_ms is not None
        assert world.queue.letters == []


class TestLosses:
    @pytest.mark.parametrize("lost", ["record", "message"])
    def test_what_is_lost_on_the_way_is_found_by_the_overdue_query(self, world: World, lost: str) -> None:
        """F4: late by two minutes and a sweep's period at most, and told as that late."""
        job = accepted(world)
        if lost == "record":
            world.store.stream.clear()
        else:
            world.hand_off()
            world.queue.lose(0)
        world.run(seconds=HOUR_MS / 1000)
        (sent_ms,) = world.sent(job)
        assert 2 * MINUTE_MS <= sent_ms - job.due_at_ms <= 2 * MINUTE_MS + SWEEP_PERIOD_MS
        assert world.store[job.id].attempts[0].lateness_ms == sent_ms - job.due_at_ms

    def test_sweeps_that_stop_for_an_hour_catch_up_oldest_first(self, world: World) -> None:
        """F6: all that came due meanwhile fires, each with its true lateness."""
        jobs = [accepted(world, due_in_ms=(20 + 5 * number) * MINUTE_MS) for number in range(8)]
        world.next_sweep_ms = NOW_MS + HOUR_MS
        world.run(seconds=62 * 60)
        late = [job for job in jobs if job.due_at_ms < NOW_MS + HOUR_MS]
        assert len(late) == 8
        assert all(world.store[job.id].status is Status.SUCCEEDED for job in late)
        assert [world.store[job.id].attempts[0].lateness_ms for job in jobs] == [
            NOW_MS + HOUR_MS - job.due_at_ms for job in jobs
        ]

    def test_two_sweeps_in_a_row_may_fall_out(self, world: World) -> None:
        """F5: nothing is late."""
        jobs = [accepted(world, due_in_ms=(18 + number) * MINUTE_MS) for number in range(30)]
        world.run(seconds=20 * 60 + 1)
        world.next_sweep_ms += 2 * SWEEP_PERIOD_MS
        world.run(seconds=30 * 60)
        assert [world.sent(job) for job in jobs] == [[job.due_at_ms] for job in jobs]


class TestOutages:
    @pytest.mark.parametrize("away", ["the table", "the functions' concurrency"])
    def test_twelve_minutes_of_an_outage_fail_no_job(self, world: World, away: str) -> None:
        """F20: near and far, before and in the middle of an attempt: all succeed, and none is sent twice.

        Nor does the queue give up on a message: nobody has to be told of anything.
        """
        jobs = [accepted(world, due_in_ms=minutes * MINUTE_MS) for minutes in (1, 2, 5, 8, 12, 16, 18, 21, 25)]
        world.run(seconds=90)
        world.store.down, world.throttled = away == "the table", away != "the table"
        world.run(seconds=12 * 60)
        world.store.down = world.throttled = False
        world.store.stream.clear()  # the stream does not keep records for so long
        world.run(seconds=HOUR_MS / 1000)
        assert {world.store[job.id].status for job in jobs} == {Status.SUCCEEDED}
        assert all(len(world.sent(job)) == 1 for job in jobs)
        assert world.alerts.sent == []

    def test_an_outage_that_begins_in_mid_request_does_not_repeat_it(self, world: World) -> None:
        """F13: the outcome waits in the queue, through the dead letters if need be."""

        def table_goes_away(_: OutgoingRequest) -> Answer:
            world.store.down = True
            return ANSWER(200)

        job = accepted(world, table_goes_away)
        world.run(seconds=5 * 60 + 12 * 60)
        world.store.down = False
        world.run(seconds=HOUR_MS / 1000)
        assert (outcomes(world, job), len(world.sent(job))) == (["succeeded"], 1)

    def test_an_hour_without_the_queue_loses_nothing(self, world: World) -> None:
        """F21: jobs stay in the due index; the next sweeps deliver."""
        jobs = [accepted(world, due_in_ms=minutes * MINUTE_MS) for minutes in (1, 10, 30, 59, 75)]
        world.queue.down = True
        world.run(seconds=HOUR_MS / 1000)
        world.store.stream.clear()  # the stream does not keep records for so long
        world.queue.down = False
        world.run(seconds=HOUR_MS / 1000)
        assert all(len(world.sent(job)) == 1 for job in jobs)

    def test_an_hour_without_alerts_leaves_nobody_untold(self, world: World) -> None:
        """F22: the dead letter stays and is tried again."""
        job = accepted(world, ANSWER(404))
        world.alerts.down = True
        world.run(seconds=HOUR_MS / 1000)
        assert world.alerts.sent == []
        world.alerts.down = False
        world.run(seconds=60)
        assert len(world.alerts_of(job)) == 1

    def test_workers_that_stop_for_ten_minutes_leave_a_backlog_that_drains_in_order(self, world: World) -> None:
        """F25: the sweep does not feed the jam with doubles."""
        jobs = [accepted(world, due_in_ms=MINUTE_MS + number * 1_000) for number in range(30)]
        world.hand_off()
        for _ in range(3):
            world.clock.advance(ms=SWEEP_PERIOD_MS)
            world.sweep()
        assert len(world.messages()) <= 2 * len(jobs), "at most one sweep looked regardless"
        world.run(seconds=600)
        first = {job.id: world.sent(job)[0] for job in jobs}
        assert list(first.values()) == sorted(first.values())
        assert all(len(world.sent(job)) == 1 for job in jobs)


class TestTargetsThatAreDown:
    def test_a_target_that_is_down_for_hours_costs_its_jobs_no_attempts(self, world: World) -> None:
        """F19: hundreds of jobs wait for it, a few attempts a hour try it, and when it is back everything fires."""
        back_ms = NOW_MS + 3 * HOUR_MS
        jobs = [aimed_at("down.example.com", due_in_ms=(5 + number // 2) * MINUTE_MS) for number in range(300)]
        for job in jobs:
            world.accept(job, down_until(world, back_ms))
        neighbours = [
            world.accept(aimed_at(host, due_in_ms=minutes * MINUTE_MS, owner=owner))
            for minutes in range(6, 170, 8)
            for host, owner in (
                ("up.example.com", "ada"),
                ("down.example.com", "bob"),
                ("down.example.com:8443", "ada"),
            )
        ]
        world.run(seconds=(back_ms - NOW_MS) / 1000)
        spent = sum(world.store[job.id].attempt_count for job in jobs)
        assert spent <= 10 + 5 + 4 * 3, "what opened the breaker, its first pauses, and a probe each quarter of an hour"
        assert {world.store[job.id].status for job in jobs} == {Status.SCHEDULED}
        assert [world.sent(job) for job in neighbours] == [[job.due_at_ms] for job in neighbours]
        world.run(seconds=18 * 60)
        assert {world.store[job.id].status for job in jobs} == {Status.SUCCEEDED}
        assert [alert.subject for alert in world.alerts.sent] == [
            "Punctual: down.example.com is paused",
            "Punctual: down.example.com answers again",
        ]
        assert "down.example.com" not in world.targets

    def test_no_request_of_a_paused_target_is_lost_or_doubled_when_messages_come_twice(self, world: World) -> None:
        """F9 and F19: each message is delivered twice, also those of jobs that were put off in between."""
        jobs = [aimed_at("down.example.com", due_in_ms=5 * MINUTE_MS + number * 500) for number in range(40)]
        for job in jobs:
            world.accept(job, down_until(world, NOW_MS + 12 * MINUTE_MS))
        end_ms = NOW_MS + HOUR_MS
        while world.clock.now_ms() < end_ms:
            world.run(seconds=5)
            world.queue.send([(message, 1) for _, message in world.queue.waiting[:5]])
        for job in jobs:
            after = world.store[job.id]
            assert after.status is Status.SUCCEEDED
            assert after.attempt_count == len(world.sent(job)) == len(after.attempts)


class TestDamage:
    def test_a_damaged_job_is_set_aside_and_the_rest_goes_on(self, world: World) -> None:
        """F28: the operators are told, no sweep stumbles over it for ever, and its neighbours fire."""
        damaged, good = accepted(world), accepted(world)
        world.store.damaged = {damaged.id}
        world.run(seconds=2 * HOUR_MS / 1000)
        assert world.sent(good) == [good.due_at_ms]
        assert world.sent(damaged) == []
        assert f"Punctual: job {damaged.id} cannot be read" in [alert.subject for alert in world.alerts.sent]
        assert not world.store.in_due_index(damaged.id)
        assert world.queue.waiting == []


def dies_in_mid_request(_: OutgoingRequest) -> Answer:
    raise WorkerDied


def aimed_at(host: str, *, due_in_ms: int, owner: str = "ada") -> Job:
    """A job for this host, at a path of its own, with attempts to spare."""
    job = a_job(due_in_ms=due_in_ms, owner=owner, retry=RetryPolicy(max_attempts=10))
    return replace(job, request=Request("POST", f"https://{host}/{job.id}"))


def down_until(world: World, back_ms: int) -> Script:
    """A target that refuses connections until then."""
    refused = Failure("connect_failed", "Refused.", started_at_ms=None, duration_ms=1)
    return lambda _: ANSWER(200) if world.clock.now_ms() >= back_ms else refused
