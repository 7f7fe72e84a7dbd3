"""`make chaos`: a night on which everything breaks. Is anything lost, doubled, early, or left untold?

A plan is made from a seed; a stack of one's own is started; the plan's jobs are scheduled to targets that are well,
slow, flaky or dead, and meanwhile the plan's faults are injected. Then it is waited until every job has ended, and
judged.

    plan        what is to happen, all of it from the seed: jobs, what their targets answer, changes; plan_faults;
                what it is made of is planned
    targets     servers that answer as planned
    users       the owners: they schedule, change and cancel, and try again when the API does not answer
    operators   what is done to the service: kill -9, messages doubled and dropped, sweeps doubled and left out, …
    night       the run: everything at its time, then the wait for the end
    history     what became of it, as plain values
    judge       whether that is right, by the plan and the history alone; telling: whether all was told
    page        the tables

SEED chooses the plan (default 1), MINUTES how long faults go on (default 10), PUNCTUAL_PORT the stack's port. The
tables are printed and kept in .local/chaos/, beside all that was seen as JSON; those of a full run in which nothing was
wrong go into docs/guarantees.md. The exit status is 1 if anything is wrong.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from local import aws, paths
from local.emulator import free_port
from local.progress import RunFailed
from tests.chaos import judge, page, plan, targets
from tests.chaos.history import History
from tests.chaos.night import Night
from tests.chaos.own_stack import OwnStack
from tests.chaos.planned import HORIZON_SECONDS, Plan

FULL_MINUTES = 10
PREFERRED_PORT = 4600
"""The template holds the port; with the same one as last time it is found in the cache."""
RESULTS = paths.LOCAL / "chaos"
PAGE = paths.ROOT / "docs" / "guarantees.md"


def main() -> int:
    """Returns the exit status."""
    aws.forget_real_aws(os.environ)
    seed, minutes = _number("SEED", 1), _number("MINUTES", FULL_MINUTES)
    planned = plan.make(seed, minutes)
    print(f"A plan with the seed {seed}: {minutes} minutes of faults. Logs are in {RESULTS}.", flush=True)
    try:
        history = played(planned)
    except RunFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    (RESULTS / f"seed-{seed}.json").write_text(history.to_json())
    wrong = list(judge.faults_of(history))
    text = page.report(history, wrong, date=datetime.now(UTC).date().isoformat())
    publish(text, seed=seed, full=minutes >= FULL_MINUTES and not wrong)
    for fault in wrong:
        print(f"WRONG: {fault}", file=sys.stderr)
    return 1 if wrong else 0


def played(planned: Plan) -> History:
    """Start a stack, play the plan on it, stop it. Raises RunFailed."""
    settings = {
        "PUNCTUAL_PORT": os.environ.get("PUNCTUAL_PORT") or str(free_port(PREFERRED_PORT)),
        "PUNCTUAL_HORIZON_SECONDS": str(HORIZON_SECONDS),
        "PUNCTUAL_SWEEP_MINUTES": "1",
        "PUNCTUAL_PRIVATE_TARGETS": "127.0.0.1",
        # Short, so that the jobs of a target that stays down end within the run, one probe after the other.
        "PUNCTUAL_TARGET_PAUSE_SECONDS": "1",
        "PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS": "3",
        # Those that fail alike are told together within the run too.
        "PUNCTUAL_ALERT_WINDOW_SECONDS": "30",
    }
    stack = OwnStack(RESULTS / "stack", settings)
    with targets.all_serving() as serving, stack:
        return Night(planned, stack, serving).play()


def publish(text: str, *, seed: int, full: bool) -> None:
    """Print the report and keep it; that of a full run that was right goes into the page."""
    print(f"\n{text}\n")
    kept = RESULTS / f"seed-{seed}.md"
    kept.write_text(text + "\n")
    print(f"This is in {kept.relative_to(paths.ROOT)}.")
    if full:
        PAGE.write_text(page.filled(PAGE.read_text(), text))
        print(f"{PAGE.relative_to(paths.ROOT)} tells it.")


def _number(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SystemExit(f"{name} is {text!r}; it takes a whole number from 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
