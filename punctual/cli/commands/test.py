"""`punctual test`: a request tried out, its answer beside what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from punctual.cli.arguments import JOB, REQUEST, job_fields, options, taken_apart, written
from punctual.cli.composing import composed
from punctual.cli.errors import JobFailed
from punctual.cli.plain import plain
from punctual.cli.program import command
from punctual.cli.scheduling import sent
from punctual.cli.session import Session

if TYPE_CHECKING:
    from punctual.models import TestResult


@command(
    "test",
    examples=[
        ("Call an address as a job would", "punctual test POST https://example.com/hook name=Ann"),
        ("Compare the answer", "punctual test https://example.com/state --expect 200 --expect 'json={\"open\":true}'"),
        ("Compare a header", "punctual test https://example.com --expect header:content-type=text/html"),
        ("Try a curl command out", "punctual test -- curl -X POST https://example.com/hook -d a=1"),
    ],
    prepare=taken_apart,
)
@options(REQUEST, JOB)
def main(session: Session, **given: Any) -> None:
    """The service sends it from where jobs are sent, and stores nothing. It ends with 1 if any expectation is not met.
    --timeout is 1 to 20 seconds here (10), and --expect may also be header:NAME=VALUE.
    """
    request = composed(written(given))
    fields = {**request.fields(), **job_fields(given)}
    terminal = session.terminal
    terminal.say(sent(request))
    for note in request.notes:
        terminal.say(f"  Note: {plain(note)}")
    if fields.pop("retry", None):
        terminal.say("  Note: A test is sent once, whatever is said of retries.")
    result = session.client.test(request.url, **fields)
    failed = [check.name for check in result.checks if not check.passed]
    terminal.answer(result.raw, ids=failed, shown=lambda: _show(session, result))
    if not result.passed:
        raise JobFailed(f"It did not pass: {len(failed)} of {len(result.checks)} expectations are not met.")


def _show(session: Session, result: TestResult) -> None:
    from punctual.cli.comparing import rows
    from punctual.cli.waiting import excerpt

    terminal = session.terminal
    if result.answer is None:
        why = f": {plain(result.error.message)} ({plain(result.error.code)})" if result.error else ""
        terminal.say(f"There was no answer{why}")
    else:
        terminal.say(f"It answered {result.answer.status_code} after {result.answer.duration_ms:,} ms.")
    terminal.table(("", "CHECK", "EXPECTED", "ACTUAL"), rows(result.checks, short=terminal.aligns))
    if result.answer and result.answer.body_excerpt and not result.passed:
        terminal.say("\n".join(["The answer began with:", *excerpt(result.answer.body_excerpt)]))
