"""Protections from what is read: of targets, of the table, of strangers (F18, F28, T11), each with the edit that takes
it out."""

from __future__ import annotations

from tests.mutants.edits import FIRE, OUTCOME, STORE
from tests.mutants.protection import Edit, Protection, taking_out

RETRY_AFTER = "lambdas/jobs/retry_after.py"
ITEMS = "lambdas/adapters/job_items.py"
LIST = "lambdas/adapters/dynamodb_job_list.py"
FRONT = "lambdas/handlers/front.py"

WISH = "jobs/test_retry_after.py"
STORED = "adapters/test_damaged_items.py"
ASKED = "handlers/test_damaged_jobs.py"
WORK = "test_linear_work.py"

READING = (
    taking_out(
        "F18",
        "a wish for patience has an end",
        RETRY_AFTER,
        "    return min(longest_ms, LONGEST_RETRY_AFTER_MS) if",
        "    return longest_ms if",
        f"{WISH}::test_seconds_are_obeyed_up_to_a_day",
        f"{WISH}::test_a_date_beyond_a_day_is_a_day",
    ),
    taking_out(
        "F18",
        "dates are read in all three forms",
        RETRY_AFTER,
        "parsedate_to_datetime(value)",
        'parsedate_to_datetime(value if value.endswith("GMT") else "")',
        f"{WISH}::test_a_date_in_each_form_of_http_is_obeyed",
    ),
    taking_out(
        "F18",
        "of several wishes the longest counts",
        RETRY_AFTER,
        "max(waits_ms, default=0)",
        "(waits_ms or [0])[0]",
        f"{WISH}::test_of_several_the_longest_is_obeyed",
    ),
    taking_out(
        "F18",
        "no wait is no wish",
        RETRY_AFTER,
        " if longest_ms > 0 else None",
        "",
        f"{WISH}::test_no_wait_is_no_wish",
        f"{WISH}::test_nonsense_is_ignored",
    ),
    taking_out(
        "F18",
        "a wish counts with every status that is tried again",
        OUTCOME,
        "retry_after_ms(result) if verdict is Verdict.RETRYABLE else None",
        "retry_after_ms(result) if result.status_code in (429, 503) else None",
        f"{WISH}::test_it_counts_wherever_there_is_a_retry",
    ),
    taking_out(
        "F28",
        "a time with a fraction is a time",
        ITEMS,
        "    if isinstance(value, Foreign):\n        number",
        "    if False:\n        number",
        f"{STORED}::test_a_fire_time_with_a_fraction_does_not_hold_up_its_shard",
        f"{STORED}::test_a_due_time_with_a_fraction_does_not_end_the_list_of_its_owner",
    ),
    taking_out(
        "F28",
        "a sweep reads the index and no job",
        STORE,
        "yield [due_job_of(entry) for entry in entries]",
        "yield [due_job_of(entry) for entry in entries if self.find(due_job_of(entry).job_id)]",
        f"{STORED}::test_a_sweep_hands_them_on_with_the_others",
    ),
    taking_out(
        "F28",
        "a damaged job is its owner's alone",
        STORE,
        'if items.get("JOB", {}).get("owner") != owner:',
        "if not items:",
        f"{STORED}::test_they_are_told_from_jobs",
    ),
    taking_out(
        "F28",
        "a write that does not fit an item is told",
        "lambdas/adapters/dynamodb_table.py",
        'if error_code(error) == "ValidationException":\n                raise DamagedItem',
        "if False:\n                raise DamagedItem",
        f"{STORED}::test_a_claim_that_does_not_fit_an_item_is_told",
    ),
    taking_out(
        "F28",
        "lists name what they cannot show",
        LIST,
        "            damaged.append(error)\n",
        "            pass\n",
        f"{STORED}::test_a_list_names_them_beside_an_owners_other_jobs",
    ),
    taking_out(
        "F28",
        "the api says what lists cannot show",
        "lambdas/handlers/routes.py",
        " if page.damaged else {}",
        " if False else {}",
        f"{ASKED}::test_a_list_shows_the_others_and_names_it",
    ),
    taking_out(
        "F28",
        "an owner is told that their job is damaged",
        FRONT,
        "        unreadable = JobUnreadable(damaged)\n",
        "        raise\n",
        f"{ASKED}::test_reading_it_says_what_is_the_matter",
        f"{ASKED}::test_it_can_be_neither_changed_nor_cancelled_nor_fired",
    ),
    taking_out(
        "F28",
        "the operators are told of a damaged job that is asked for",
        FRONT,
        '        desk.journal.tell("job_damaged", **ids, job_id=damaged.job_id, error=damaged.why)\n',
        "",
        f"{ASKED}::test_the_operators_learn_which_it_is_and_why",
    ),
    taking_out(
        "F28",
        "a damaged job of a batch is told apart",
        "lambdas/jobs/once.py",
        "return JobUnreadable(found) if isinstance(found, DamagedJob) else Made(found, new=False)",
        "return Made(found, new=False)",
        f"{ASKED}::test_a_repeated_batch_tells_it_apart_from_its_neighbours",
    ),
    taking_out(
        "F28",
        "a record that cannot be read is reported",
        "lambdas/handlers/hand_off.py",
        "            failed.append(sequence)\n",
        "",
        "handlers/test_hand_off.py::test_a_record_that_cannot_be_understood_is_reported_and_its_neighbour_goes_on",
    ),
    taking_out(
        "F28",
        "no trouble of one job reaches another",
        FIRE,
        "    except Exception as error:  # a defect of ours: say so, keep the message, go on with the others\n",
        "    except ZeroDivisionError as error:\n",
        "jobs/test_fire_batches.py::test_a_batch_is_reported_message_by_message",
    ),
    taking_out(
        "F28",
        "a damaged request ends its job with that as the reason",
        FIRE,
        "        _conclude(_write(job, REQUEST_DAMAGED, worker), worker)\n        return\n",
        "        raise\n",
        "jobs/test_fire_batches.py::test_a_request_that_cannot_be_read_ends_its_job_with_an_honest_reason",
    ),
    taking_out(
        "T11",
        "each part of a host is looked at once",
        "lambdas/jobs/hostname.py",
        '    name = ".".join(_label(label) for label in _DOTS.split(written.removesuffix(".")))\n',
        '    labels = _DOTS.split(written.removesuffix("."))\n'
        "    assert all(len(label) >= 0 for end in range(len(labels)) for label in labels[:end])\n"
        '    name = ".".join(map(_label, labels))\n',
        f"{WORK}::test_a_url_takes_as_much_work_as_it_is_long[many labels]",
        f"{WORK}::test_a_name_takes_as_much_work_as_it_is_long[many labels]",
    ),
    taking_out(
        "T11",
        "a URL that is too long is not looked at",
        "lambdas/jobs/destination.py",
        "    if len(url) > LONGEST_URL:\n",
        "    if False:\n",
        f"{WORK}::test_a_url_that_is_too_long_is_not_looked_at",
    ),
    taking_out(
        "T11",
        "a document that is too large is not looked at",
        "lambdas/jobs/document.py",
        "    if len(content) > largest:\n",
        "    if False:\n",
        f"{WORK}::test_a_document_that_is_too_large_is_not_looked_at",
    ),
    taking_out(
        "T11",
        "headers that are too many are not looked at",
        "lambdas/jobs/headers.py",
        "    if len(headers) > MOST_HEADERS:\n",
        "    if False:\n",
        f"{WORK}::test_headers_take_as_much_work_as_there_are",
    ),
    taking_out(
        "T11",
        "statuses that are too many are not looked at",
        "lambdas/jobs/expecting.py",
        "    if not 1 <= len(choices) <= MOST_STATUSES or not all(map(_is_status, choices)):\n",
        "    if not all([_is_status(choice) for choice in choices]) or not 1 <= len(choices) <= MOST_STATUSES:\n",
        f"{WORK}::test_expected_statuses_take_as_much_work_as_there_are",
    ),
    taking_out(
        "T11",
        "each part of an expectation has one counterpart",
        "lambdas/jobs/matching.py",
        "all(_contains(f, w) for f, w in zip(found, wanted, strict=True))",
        "all(any([_contains(f, w) for f in found]) for w in wanted)",
        f"{WORK}::test_expected_json_takes_as_much_work_as_there_is_of_it[objects]",
    ),
    Protection(
        "T11",
        "a host and its port are taken apart in one go",
        (Edit("lambdas/jobs/destination.py", '(?::(?P<port>.*))?", re.DOTALL)', '(?::(?P<port>.*))?")'),),
        ("test_patterns.py::test_a_pattern_tries_no_more_than_a_text_is_long",),
    ),
)
