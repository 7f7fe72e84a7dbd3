"""Protections of requests that are tried out (T7–T9 of docs/guarantees.md), each with the edit that takes it out."""

from __future__ import annotations

from tests.mutants.protection import taking_out

TRIALS = "lambdas/jobs/trying.py"
TESTS = "jobs/test_trying.py"

TRYING = (
    taking_out(
        "T7",
        "secrets of an answer to a trial are redacted",
        TRIALS,
        "safe = REDACTED if is_secret(name) else safe_text(value)",
        "safe = safe_text(value)",
        f"{TESTS}::test_secrets_among_its_headers_are_redacted_also_where_one_is_expected",
    ),
    taking_out(
        "T7",
        "secrets that a trial expects are redacted",
        TRIALS,
        "        if is_secret(name):\n",
        "        if False:\n",
        f"{TESTS}::test_secrets_among_its_headers_are_redacted_also_where_one_is_expected",
    ),
    taking_out(
        "T8",
        "headers of an answer to a trial are safe to show",
        TRIALS,
        "else safe_text(value)",
        "else value",
        f"{TESTS}::test_headers_are_safe_to_show_and_bounded",
    ),
    taking_out(
        "T8",
        "headers of an answer to a trial are cut off at a length",
        TRIALS,
        "        if left < 0 or not is_name(name):\n",
        "        if not is_name(name):\n",
        f"{TESTS}::test_headers_are_safe_to_show_and_bounded",
    ),
    taking_out(
        "T9",
        "no more than an excerpt is read out by a trial",
        TRIALS,
        "return json.loads(text) if len(text) <= EXCERPT_BYTES else excerpt(text)",
        "return json.loads(text)",
        f"{TESTS}::test_no_more_than_an_excerpt_is_read_out_of_a_body",
    ),
    taking_out(
        "T9",
        "trials count with the requests that make jobs",
        "lambdas/handlers/limiting.py",
        '(path.startswith("/v1/jobs") or path == "/v1/test")',
        'path.startswith("/v1/jobs")',
        "handlers/test_check.py::test_trials_count_with_the_requests_that_make_jobs",
    ),
    taking_out(
        "T9",
        "trials count at their host",
        "lambdas/handlers/check.py",
        "    bench.limiter.admit_now(asked.job, now_ms=asked.job.due_at_ms)\n",
        "",
        "handlers/test_check.py::test_trials_at_one_host_count_with_the_jobs_that_are_due_there_in_this_minute",
    ),
)
