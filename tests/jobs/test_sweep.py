"""Sweep: what comes due is handed off mark by mark, and what is overdue is sent again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.due_job import DUE_SHARDS, DueJob, due_shard
from lambdas.jobs.job import Job
from lambdas.jobs.ports import Message
from lambdas.jobs.sweep import BACKLOG, REGARDLESS_EVERY, SweepIncomplete
from tests.examples import a_job
from tests.fakes import NOW_MS, FakeClock, FakeJobStore
from tests.world import SWEEP_PERIOD_MS, LaggingStore, WorkerDied, World, dies, unavailable

MINUTE_MS = 60_000
REACH_MS = 15 * MINUTE_MS
SHARD = 3

REGARDLESS_MS = -(-NOW_MS // (SWEEP_PERIOD_MS * REGARDLESS_EVERY)) * SWEEP_PERIOD_MS * REGARDLESS_EVERY
"""A time at which a sweep looks for overdue jobs whatever the backlog."""


@pytest.fixture
def world() -> World:
    return World(store=FakeJobStore(page_size=3))


def store_far(world: World, *, fire_at_ms: int, count: int = 1, shard: int = SHARD) -> list[Job]:
    """Jobs that were stored long ago, so that the stream has nothing to say of them."""
    return [world.store.add(replace(a_job(due_at_ms=fire_at_ms, shard=shard), handoff=False)) for _ in range(count)]


def set_marks(world: World, swept_until_ms: int) -> None:
    for shard in range(DUE_SHARDS):
        world.store.advance_mark(shard, swept_until_ms=swept_until_ms)


def ids(jobs: list[Job]) -> set[str]:
    return {job.id for job in jobs}


def on_the_queue(world: World) -> set[str]:
    return {due.job_id for due in world.messages()}


class TestWindow:
    def test_what_fires_in_the_next_fifteen_minutes_is_handed_off(self, world: World) -> None:
        """In every shard, to the millisecond; each message arrives `lead` before its fire time."""
        inside = [store_far(world, fire_at_ms=NOW_MS + REACH_MS, shard=shard)[0] for shard in range(DUE_SHARDS)]
        store_far(world, fire_at_ms=NOW_MS + REACH_MS + 1)
        assert world.sweep().handed_off == DUE_SHARDS
        assert on_the_queue(world) == ids(inside)
        assert {at_ms for at_ms, _ in world.queue.waiting} == {NOW_MS + REACH_MS - 2_000}

    def test_the_next_sweep_goes_on_where_the_last_one_ended(self, world: World) -> None:
        """Nothing is handed off twice, nothing between two windows is left out."""
        near = store_far(world, fire_at_ms=NOW_MS + REACH_MS)
        far = store_far(world, fire_at_ms=NOW_MS + REACH_MS + 1)
        world.sweep()
        assert on_the_queue(world) == ids(near)
        world.clock.advance(ms=SWEEP_PERIOD_MS)
        assert world.sweep().handed_off == 1
        assert on_the_queue(world) == ids(near + far)

    def test_a_new_table_is_swept_from_the_beginning(self, world: World) -> None:
        """F6: no mark yet, or sweeps that stopped for an hour: all that came due meanwhile, oldest first."""
        jobs = store_far(world, fire_at_ms=NOW_MS - 60 * MINUTE_MS)
        jobs += store_far(world, fire_at_ms=NOW_MS - MINUTE_MS, count=4)
        jobs += store_far(world, fire_at_ms=NOW_MS)
        assert world.sweep().handed_off == 6
        fire_times = [due.fire_at_ms for due in world.messages()]
        assert fire_times == sorted(fire_times)
        assert on_the_queue(world) == ids(jobs)

    def test_two_sweeps_left_out_make_nothing_late(self, world: World) -> None:
        """F5: the third still hands off in time what the first would have."""
        world.sweep()
        world.clock.advance(ms=3 * SWEEP_PERIOD_MS)
        jobs = store_far(world, fire_at_ms=NOW_MS + REACH_MS + 1, count=2)
        assert world.sweep().handed_off == 2
        assert on_the_queue(world) == ids(jobs)
        assert all(at_ms <= NOW_MS + REACH_MS - 2_000 for at_ms, _ in world.queue.waiting)

    def test_two_sweeps_at_once_send_doubles_and_lose_nothing(self, world: World) -> None:
        """F5: the claim drops the doubles."""
        jobs = store_far(world, fire_at_ms=NOW_MS + MINUTE_MS, count=5, shard=0)

        def rival() -> None:
            world.sweep()

        world.store.before["advance_mark"] = rival
        world.sweep()
        assert len(world.messages()) == 2 * len(jobs)
        assert on_the_queue(world) == ids(jobs)
        world.run(seconds=120)
        assert all(len(world.sent(job)) == 1 for job in jobs)

    def test_a_finished_job_is_not_handed_off(self, world: World) -> None:
        """It has left the index."""
        job = world.accept(a_job(shard=SHARD))
        world.cancel(job.id)
        world.sweep()
        assert world.messages() == []


class TestMark:
    def test_the_mark_stands_at_the_windows_end_when_the_shard_is_done(self, world: World) -> None:
        """So the next sweep reads only what is new."""
        store_far(world, fire_at_ms=NOW_MS + MINUTE_MS, count=2)
        world.sweep()
        assert {world.store.swept_until(shard) for shard in range(DUE_SHARDS)} == {NOW_MS + REACH_MS}

    @pytest.mark.parametrize("step", ["before sending", "after sending", "before moving the mark"])
    def test_a_sweep_that_dies_between_sending_and_moving_its_mark_loses_nothing(self, world: World, step: str) -> None:
        """F5: the next one sends that page again."""
        jobs = store_far(world, fire_at_ms=NOW_MS + MINUTE_MS, count=2)
        hooks, method = {
            "before sending": (world.queue.before, "send"),
            "after sending": (world.queue.after, "send"),
            "before moving the mark": (world.store.before, "advance_mark"),
        }[step]
        hooks[method] = dies
        with pytest.raises(WorkerDied):
            world.sweep()
        assert world.store.swept_until(SHARD) == 0
        world.sweep()
        assert on_the_queue(world) == ids(jobs)

    def test_jobs_of_one_millisecond_on_two_pages_are_never_passed_by_half(self, world: World) -> None:
        """F5, page ties: a sweep that dies after the first page goes on with the same millisecond, because the mark
        stands just before it."""
        jobs = store_far(world, fire_at_ms=NOW_MS + MINUTE_MS, count=5)  # pages of three
        sent = world.queue.after
        sent["send"] = lambda: sent.update(send=dies)
        with pytest.raises(WorkerDied):
            world.sweep()
        assert world.store.swept_until(SHARD) == NOW_MS + MINUTE_MS - 1
        while world.queue.waiting:
            world.queue.lose(0)
        world.sweep()
        assert on_the_queue(world) == ids(jobs)

    def test_the_mark_does_not_pass_refused_messages(self, world: World) -> None:
        """F8: they are sent again at once, and if that does not help, by the next sweep."""
        first = store_far(world, fire_at_ms=NOW_MS + MINUTE_MS)
        (refused,) = store_far(world, fire_at_ms=NOW_MS + 2 * MINUTE_MS)
        world.queue.refused = {refused.id}
        with pytest.raises(SweepIncomplete) as failed:
            world.sweep()
        assert failed.value.shards == (SHARD,)
        assert world.store.swept_until(SHARD) < refused.fire_at_ms
        assert on_the_queue(world) == ids(first)
        world.queue.refused = set()
        world.sweep()
        assert on_the_queue(world) == {*ids(first), refused.id}

    def test_a_message_that_is_refused_once_is_sent_again_at_once(self, world: World) -> None:
        """F8: most refusals are a moment's, and no sweep fails for one."""
        (job,) = store_far(world, fire_at_ms=NOW_MS + MINUTE_MS)
        world.queue.refused = {job.id}
        world.queue.after["send"] = world.queue.refused.clear
        assert world.sweep().handed_off == 1
        assert on_the_queue(world) == {job.id}


class TestTrouble:
    def test_one_shards_trouble_does_not_stop_the_others(self, world: World) -> None:
        """The others are swept, the failed one is named, and its mark stays."""
        jobs = [store_far(world, fire_at_ms=NOW_MS + MINUTE_MS, shard=shard)[0] for shard in range(DUE_SHARDS)]
        world.store.before["swept_until"] = unavailable
        with pytest.raises(SweepIncomplete) as failed:
            world.sweep()
        assert failed.value.shards == (0,)
        assert on_the_queue(world) == {job.id for job in jobs if due_shard(job.id) != 0}
        assert [facts["shard"] for facts in world.journal.of("shard_not_swept")] == [0]
        world.sweep()
        assert on_the_queue(world) == ids(jobs)

    def test_a_defect_in_one_shard_does_not_stop_the_others(self, world: World) -> None:
        """It is told by its place, the shard counts as failed, and fifteen sixteenths of the jobs stay on time."""
        jobs = [store_far(world, fire_at_ms=NOW_MS + MINUTE_MS, shard=shard)[0] for shard in range(DUE_SHARDS)]

        def defect() -> None:
            raise RuntimeError("s3cret")

        world.store.before["due"] = defect
        with pytest.raises(SweepIncomplete) as failed:
            world.sweep()
        assert failed.value.shards == (0,)
        assert on_the_queue(world) == {job.id for job in jobs if due_shard(job.id) != 0}
        (told,) = world.journal.of("defect")
        assert (told["shard"], str(told["error"]).split(":")[0]) == (0, "RuntimeError at test_sweep.py")

    def test_a_queue_that_is_away_fails_the_sweep_and_moves_no_mark(self, world: World) -> None:
        """F21: jobs stay in the due index; the next sweeps deliver."""
        jobs = store_far(world, fire_at_ms=NOW_MS + MINUTE_MS, count=4)
        world.queue.down = True
        with pytest.raises(SweepIncomplete):
            world.sweep()
        assert world.store.swept_until(SHARD) == 0
        world.queue.down = False
        world.sweep()
        assert on_the_queue(world) == ids(jobs)

    def test_a_sweep_tells_what_it_did(self, world: World) -> None:
        """For the metrics: how many were handed off, how many were overdue."""
        set_marks(world, NOW_MS)
        store_far(world, fire_at_ms=NOW_MS - 60 * MINUTE_MS, count=2)
        store_far(world, fire_at_ms=NOW_MS + MINUTE_MS)
        world.sweep()
        assert world.journal.of("swept") == [{"handed_off": 1, "overdue": 2, "shards_failed": 0}]


class TestOverdue:
    @pytest.fixture(autouse=True)
    def _swept(self, world: World) -> None:
        """Everything up to now was handed off once, and this is not a sweep that looks regardless."""
        world.clock.ms = REGARDLESS_MS + SWEEP_PERIOD_MS
        set_marks(world, world.clock.ms)

    def test_a_job_that_should_have_fired_two_minutes_ago_is_sent_again(self, world: World) -> None:
        """F4: its message was lost, or its worker. Later ones may only be waiting."""
        now_ms = world.clock.ms
        overdue = store_far(world, fire_at_ms=now_ms - 2 * MINUTE_MS)
        store_far(world, fire_at_ms=now_ms - 2 * MINUTE_MS + 1)
        swept = world.sweep()
        assert (swept.handed_off, swept.overdue) == (0, 1)
        assert world.queue.waiting == [(now_ms, Message(overdue[0].due))]

    def test_a_job_whose_worker_died_is_sent_again(self, world: World) -> None:
        """A running job stays in the due index, so that this query finds it."""
        (job,) = store_far(world, fire_at_ms=world.clock.ms - 10 * MINUTE_MS)
        world.store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="dead", now_ms=job.fire_at_ms)
        assert world.sweep().overdue == 1

    def test_what_lies_beyond_the_mark_is_not_overdue(self, world: World) -> None:
        """After sweeps that stopped for an hour: this sweep goes there anyway, and nothing is sent twice."""
        late = World(store=FakeJobStore())
        late.clock.ms = world.clock.ms + 60 * MINUTE_MS
        set_marks(late, world.clock.ms)
        jobs = store_far(late, fire_at_ms=world.clock.ms + 1, count=3)
        swept = late.sweep()
        assert (swept.handed_off, swept.overdue) == (3, 0)
        assert sorted(due.job_id for due in late.messages()) == sorted(ids(jobs))

    def test_a_backlog_is_not_fed(self, world: World) -> None:
        """F25: while messages wait for a worker, most overdue jobs are among them."""
        store_far(world, fire_at_ms=world.clock.ms - 60 * MINUTE_MS)
        fill_queue(world, BACKLOG)
        assert world.sweep().overdue == 0

    def test_a_few_waiting_messages_are_no_backlog(self, world: World) -> None:
        """One batch is what a healthy queue shows at any moment."""
        store_far(world, fire_at_ms=world.clock.ms - 60 * MINUTE_MS)
        fill_queue(world, BACKLOG - 1)
        assert world.sweep().overdue == 1

    def test_messages_that_wait_for_their_time_are_no_backlog(self, world: World) -> None:
        """Delayed messages are what a healthy queue is full of."""
        store_far(world, fire_at_ms=world.clock.ms - 60 * MINUTE_MS)
        fill_queue(world, 100, delay_seconds=600)
        assert world.sweep().overdue == 1

    def test_every_fourth_sweep_looks_regardless_of_the_backlog(self, world: World) -> None:
        """So that a lasting backlog cannot hide a lost job for ever."""
        store_far(world, fire_at_ms=world.clock.ms - 60 * MINUTE_MS)
        fill_queue(world, 10_000)
        found = []
        for _ in range(2 * REGARDLESS_EVERY):
            found.append(world.sweep().overdue)
            world.clock.advance(ms=SWEEP_PERIOD_MS)
        assert found == [0, 0, 0, 1, 0, 0, 0, 1]

    def test_a_queue_that_cannot_be_counted_counts_as_jammed(self, world: World) -> None:
        """The window is swept all the same."""
        store_far(world, fire_at_ms=world.clock.ms - 60 * MINUTE_MS)
        near = store_far(world, fire_at_ms=world.clock.ms + MINUTE_MS)
        world.queue.down = True
        world.store.before["swept_until"] = lambda: setattr(world.queue, "down", False)
        swept = world.sweep()
        assert (swept.handed_off, swept.overdue) == (1, 0)
        assert on_the_queue(world) == ids(near)

    def test_what_is_still_in_time_comes_before_what_is_late(self, world: World) -> None:
        """A sweep that dies among a thousand overdue jobs has handed off every shard's window: after an outage the
        late ones must not make others late."""
        for shard in range(DUE_SHARDS):
            store_far(world, fire_at_ms=world.clock.ms - 60 * MINUTE_MS, shard=shard)
        near = [store_far(world, fire_at_ms=world.clock.ms + MINUTE_MS, shard=shard)[0] for shard in range(DUE_SHARDS)]
        left = iter(range(DUE_SHARDS + 1))

        def die_at_the_second_overdue_job() -> None:
            if next(left) == DUE_SHARDS:
                raise WorkerDied
            world.queue.after["send"] = die_at_the_second_overdue_job

        world.queue.after["send"] = die_at_the_second_overdue_job
        with pytest.raises(WorkerDied):
            world.sweep()
        assert ids(near) <= on_the_queue(world)

    def test_an_overdue_job_that_is_refused_does_not_hold_up_its_shard(self, world: World) -> None:
        """Nor the mark: what is in time goes on, sweep after sweep."""
        (refused,) = store_far(world, fire_at_ms=world.clock.ms - 60 * MINUTE_MS)
        world.queue.refused = {refused.id}
        near = store_far(world, fire_at_ms=world.clock.ms + MINUTE_MS)
        with pytest.raises(SweepIncomplete):
            world.sweep()
        assert on_the_queue(world) == ids(near)
        assert world.store.swept_until(SHARD) == world.clock.ms + REACH_MS

    def test_overdue_jobs_come_oldest_first(self, world: World) -> None:
        """F25: within a shard, page after page."""
        for minutes in (30, 10, 50, 20, 40):
            store_far(world, fire_at_ms=world.clock.ms - minutes * MINUTE_MS)
        world.sweep()
        fire_times = [due.fire_at_ms for due in world.messages()]
        assert fire_times == sorted(fire_times)
        assert len(fire_times) == 5


def fill_queue(world: World, count: int, *, delay_seconds: int = 0) -> None:
    """Messages of other jobs, visible at once or later."""
    world.queue.send([(Message(DueJob(NOW_MS, f"job_{number}")), delay_seconds) for number in range(count)])


class TestIndexLag:
    @pytest.mark.parametrize("due_in_ms", [15 * MINUTE_MS + 1, 16 * MINUTE_MS + 1, 17 * MINUTE_MS, 17 * MINUTE_MS + 1])
    @pytest.mark.parametrize("sweep_ms", [-1, 0, 1, MINUTE_MS])
    def test_the_margin_covers_an_index_that_lags(self, due_in_ms: int, sweep_ms: int) -> None:
        """F7: by two minutes. A near job needs no index; any other is in it when the sweep comes whose window has it.

        A sweep comes at the very millisecond from which its window holds the job, around that, and every period.
        """
        clock = FakeClock()
        world = World(clock=clock, store=LaggingStore(clock, lag_ms=2 * MINUTE_MS))
        world.next_sweep_ms = NOW_MS + (due_in_ms - world.horizon.reach_ms + sweep_ms) % SWEEP_PERIOD_MS
        job = world.accept(a_job(due_in_ms=due_in_ms))
        world.run(seconds=18 * 60)
        assert world.sent(job) == [job.fire_at_ms]
