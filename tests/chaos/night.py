"""The run: everything at its time, then the wait until every job has ended and every queue is empty."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError

from local.progress import step
from tests.chaos.history import History, JobHistory
from tests.chaos.operators import Operators
from tests.chaos.own_stack import UNFINISHED, OwnStack, broken_invariant, item_id
from tests.chaos.planned import Plan
from tests.chaos.targets import Targets
from tests.chaos.users import Users

AT_ONCE = 64
LOOK_SECONDS = 5
ENDS_WITHIN_SECONDS = 600
"""After the last due time. A death costs two minutes, a lost message two to four, and one job may have several; what is
told together waits for its window."""
SETTLED_SECONDS = 5
"""How long it stays quiet before it is taken for the end."""


class Night:
    """One run on a stack that is ready."""

    def __init__(self, plan: Plan, stack: OwnStack, targets: Targets) -> None:
        self._plan = plan
        self._stack = stack
        self._targets = targets
        self._began = time.monotonic()
        self._users = Users(stack.deployed, plan, targets, time.time() * 1000)
        self._operators = Operators(stack, targets, self._users.made)
        self._broken: dict[str, None] = {}
        self._over = threading.Event()

    def play(self) -> History:
        """Everything that is planned, and what became of it."""
        self._targets.answer_as_planned(self._plan, self._operators.sender_of)
        watching = threading.Thread(target=self._watch, daemon=True)
        watching.start()
        with step(f"{len(self._plan.jobs)} jobs, {len(self._plan.faults)} faults and more"):
            self._everything_at_its_time()
        with step("waiting until every job has ended"):
            self._until_it_is_quiet()
        self._over.set()
        watching.join()
        with step("asking what became of each job"):
            return self._history()

    def _everything_at_its_time(self) -> None:
        running: list[Future[None]] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for at_s, do in sorted(self._timeline(), key=lambda entry: entry[0]):
                time.sleep(max(0.0, self._began + at_s - time.monotonic()))
                running.append(pool.submit(do))
        for future in running:
            future.result()

    def _timeline(self) -> list[tuple[float, Callable[[], None]]]:
        """What to do when, in seconds from the beginning."""
        users, operators = self._users, self._operators
        return [
            *((job.made_s, lambda job=job: users.schedule(job)) for job in self._plan.jobs),
            *(
                (change.at_s, lambda job=job, change=change: users.change(job, change))
                for job in self._plan.jobs
                for change in job.changes
            ),
            *((fault.at_s, lambda fault=fault: operators.inject(fault)) for fault in self._plan.faults),
        ]

    def _watch(self) -> None:
        """Look at every job's item again and again: the due index may at no moment lack an unfinished job."""
        while not self._over.wait(LOOK_SECONDS):
            try:
                self._broken.update(dict.fromkeys(filter(None, map(broken_invariant, self._stack.items()))))
            except (BotoCoreError, ClientError):  # it is being restarted
                continue

    def _until_it_is_quiet(self) -> None:
        deadline = self._began + max(self._plan.seconds, self._plan.last_due_s) + ENDS_WITHIN_SECONDS
        quiet_since: float | None = None
        while time.monotonic() < deadline:
            now = time.monotonic()
            quiet_since = (quiet_since or now) if self._quiet() else None
            if quiet_since is not None and now - quiet_since >= SETTLED_SECONDS:
                return
            time.sleep(1)

    def _quiet(self) -> bool:
        queued = self._stack.deployed.queued
        return (
            not queued("jobs")
            and not queued("dead_letters")
            and not any(item["status"]["S"] in UNFINISHED for item in self._stack.items())
        )

    def _history(self) -> History:
        deployed, made = self._stack.deployed, self._users.made
        with ThreadPoolExecutor(8) as pool:
            shown = list(pool.map(self._users.shown, self._plan.jobs))
        items = list(self._stack.items())
        alerted = {item_id(item) for item in items if "alerted_at" in item}
        jobs = [
            JobHistory(
                planned=job,
                job_id=made[job.number].job_id,
                due_ms=made[job.number].due_ms,
                refusal=made[job.number].refusal,
                changes=tuple(made[job.number].changes),
                requests=tuple(self._targets.requests(job)),
                shown=shown_job,
                alerted=made[job.number].job_id in alerted,
            )
            for job, shown_job in zip(self._plan.jobs, shown, strict=True)
        ]
        known = {job.job_id for job in jobs}
        in_table = {item_id(item) for item in items}
        left = [f"{job_id} is in the due index at the end" for job_id in self._stack.due_index()]
        return History(
            plan=self._plan,
            jobs=jobs,
            owners=self._users.owners,
            faults=tuple(self._operators.injected),
            strays=sorted(in_table - known),
            broken_invariants=[*self._broken, *filter(None, map(broken_invariant, items)), *left],
            alerts=[f"{alert.subject}\n{alert.message}" for alert in deployed.alerts()],
            dead_letters=deployed.queued("dead_letters"),
            left_messages=len(deployed.queued("jobs")),
            noticed=self._stack.noticed(),
            seconds=time.monotonic() - self._began,
        )
