"""Protections of load, versions and clocks (F24–F27 of docs/guarantees.md), each with the edit that takes it out."""

from __future__ import annotations

from tests.mutants.edits import (
    A_DOUBLE_IS_FIRED,
    FIRE,
    HAND_OFF,
    NO_TAKE_OVER,
    OUTCOME,
    QUEUE,
    STORE,
    SWEEP,
)
from tests.mutants.protection import Edit, Protection, taking_out

LASTING = (
    taking_out(
        "F24",
        "every record of a batch is handed off",
        HAND_OFF,
        "in queue.send(messages)] if messages",
        "in queue.send(messages[:10])] if messages",
        "test_journey.py::test_a_hundred_jobs_of_one_instant_all_fire_once",
    ),
    taking_out(
        "F24",
        "a window is swept page after page",
        SWEEP,
        "            store.advance_mark(shard, swept_until_ms=page[-1].fire_at_ms - 1)\n",
        "            store.advance_mark(shard, swept_until_ms=page[-1].fire_at_ms - 1)\n            break\n",
        "test_crowds.py::test_a_thousand_jobs_of_one_millisecond_all_fire_and_others_are_on_time",
        "test_crowds.py::test_ten_thousand_jobs_of_one_minute_all_fire_and_others_are_on_time",
    ),
    taking_out(
        "F24",
        "workers are added while messages wait",
        "bench/burst.py",
        "ADDED_A_SECOND = 5.0",
        "ADDED_A_SECOND = 0.1",
        "bench/test_burst.py::test_ten_thousand_in_a_minute_find_their_workers_nearly_all_in_time",
    ),
    taking_out(
        "F25",
        "a backlog is not fed",
        SWEEP,
        "        return regardless or queue.backlog() < BACKLOG\n",
        "        return True\n",
        "test_journey.py::test_workers_that_stop_for_ten_minutes_leave_a_backlog_that_drains_in_order",
        "jobs/test_sweep.py::test_a_backlog_is_not_fed",
    ),
    taking_out(
        "F25",
        "the backlog is counted",
        QUEUE,
        'return int(reply["Attributes"]["ApproximateNumberOfMessages"])',
        "return 0 * len(reply)",
        "contracts/test_job_queue.py::test_the_backlog_is_what_waits_for_a_worker",
    ),
    taking_out(
        "F26",
        "a settle writes what it knows and leaves the rest",
        STORE,
        "            self._table.update(\n                job_key(job.id),\n"
        '                f"SET #version = #version + :one, {update}",\n'
        '                {**values, "one": 1, "running": Status.RUNNING, "number": attempt.number},\n'
        '                condition="#attempt_count = :number AND #status = :running",\n            )\n',
        "            self._table.put(\n                item,\n"
        '                "#attempt_count = :number AND #status = :running",\n'
        '                {"running": Status.RUNNING, "number": attempt.number},\n            )\n',
        "adapters/test_dynamodb_job_store.py::test_what_newer_code_added_survives_a_claim_and_a_settle",
    ),
    taking_out(
        "F26",
        "what is not known in an outcome is left out",
        OUTCOME,
        "known = {field.name: values[field.name] for field in fields(cls) if field.name in values}",
        "known = dict(values)",
        "jobs/test_outcome.py::test_facts_of_a_newer_version_are_left_alone",
    ),
    Protection(
        "F26",
        "what is not known in a message is left out",
        (
            Edit(
                OUTCOME,
                "known = {field.name: values[field.name] for field in fields(cls) if field.name in values}",
                "known = dict(values)",
            ),
            Edit(
                "lambdas/adapters/messages.py",
                "known = {name: values[name] for name in kinds_of if name in values}",
                "known = dict(values)",
            ),
        ),
        ("adapters/test_messages.py::test_what_newer_code_adds_is_left_alone",),
    ),
    taking_out(
        "F26",
        "what older code did not write is not asked for",
        "lambdas/adapters/job_items.py",
        'deaths=_optional(_number, item, "deaths") or 0,',
        'deaths=_number(item, "deaths"),',
        "samples/test_samples.py::test_todays_code_reads_what_older_code_wrote",
        "samples/test_samples.py::test_todays_code_goes_on_with_what_older_code_began",
    ),
    taking_out(
        "F26",
        "what older code reads keeps its name",
        "lambdas/adapters/job_items.py",
        '"notify": list(own.on),',
        '"notify_on": list(own.on),',
        "samples/test_samples.py::test_older_code_finds_in_todays_items_what_it_wrote_itself",
    ),
    taking_out(
        "F26",
        "what is longer than known is cut",
        "lambdas/adapters/job_items.py",
        'item["retry"][:3]',
        'item["retry"]',
        "samples/test_samples.py::test_what_newer_code_will_add_is_left_alone",
    ),
    taking_out(
        "F27",
        "a local time in a gap is refused",
        "lambdas/jobs/due_time.py",
        "    if first < second:\n",
        "    if False:\n",
        "jobs/test_local_time.py::test_a_local_time_that_does_not_exist_is_refused_with_the_nearest_that_do",
    ),
    taking_out(
        "F27",
        "of a time that exists twice the first is taken",
        "lambdas/jobs/due_time.py",
        "for fold in (0, 1))",
        "for fold in (1, 0))",
        "jobs/test_local_time.py::test_of_a_local_time_that_exists_twice_the_first_is_taken_and_the_second_told",
    ),
    taking_out(
        "F27",
        "a leap second is refused",
        "lambdas/jobs/due_time.py",
        'int(found["second"] or 0))  # noqa',
        'min(59, int(found["second"] or 0)))  # noqa',
        "jobs/test_due_time.py::test_a_leap_second_is_refused",
    ),
    taking_out(
        "F27",
        "a request waits for its instant",
        FIRE,
        "opened.send_at(job.fire_at_ms, latest_ms=latest_ms)",
        "opened.send_at(0, latest_ms=latest_ms)",
        "test_clocks.py::test_a_worker_whose_clock_is_off_sends_once_and_early_by_no_more_than_that",
    ),
    Protection(
        "F27",
        "a claim holds by every clock",
        (*A_DOUBLE_IS_FIRED,),
        ("test_clocks.py::test_of_two_workers_who_disagree_about_the_time_one_sends",),
    ),
    Protection(
        "F27",
        "a lapsed lease is taken over",
        (NO_TAKE_OVER,),
        ("test_clocks.py::test_what_a_worker_left_is_taken_over_by_one_whose_clock_is_off_the_other_way",),
    ),
)
