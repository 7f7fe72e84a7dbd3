"""What is done to the service while it works. Everything from outside: signals to processes, and AWS's own API."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tests.chaos.history import Injected, Running
from tests.chaos.own_stack import OwnStack
from tests.chaos.planned import Fault, PlannedFault, PlannedJob
from tests.chaos.targets import Targets
from tests.chaos.users import Made
from tests.live import workers
from tests.live.target import Received

FUNCTIONS = {
    Fault.KILL_HAND_OFF: "HandOffFunctionName",
    Fault.KILL_SWEEP: "SweepFunctionName",
    Fault.KILL_BURY: "BuryFunctionName",
    Fault.KILL_API: "ApiFunctionName",
}
THEFT_SECONDS = 1.2
"""A message comes two to three seconds before its job's time; so long it is lain in wait for."""
THEFT_PAUSE_SECONDS = 0.01
HELD_SECONDS = 30
"""For how long other messages that were caught stay hidden, should this process die with them."""
RETRY_SECONDS = 1.0
REFUSAL = "chaos-no-sending"
SEND_ON_BATCH = 10
Done = TypeVar("Done")


class Operators:
    """Injects faults and notes them in `injected`. Thread-safe."""

    def __init__(self, stack: OwnStack, targets: Targets, made: Mapping[int, Made]) -> None:
        self._stack = stack
        self._targets = targets
        self._made = made
        deployed = stack.deployed
        self._functions = deployed.client("lambda")
        self._queues = deployed.client("sqs")
        self._rules = deployed.client("events")
        self._roles = deployed.client("iam")
        self._jobs_queue: str = deployed.description["queues"]["jobs"]
        self._to_drop: set[str] = set()
        self._lock = threading.Lock()
        self.injected: list[Injected] = []

    def inject(self, planned: PlannedFault) -> None:
        """Do one fault. One that finds the emulator away has hit nothing."""
        try:
            self._doing(planned)()
        except (BotoCoreError, ClientError):
            self._note(planned.fault, hit=False)

    def sender_of(self, job: PlannedJob, fault: Fault, received: Received) -> Callable[[], None]:
        """Find the worker that sent a request, for what is returned to kill it (see `targets.Kill`)."""
        folder, function = self._workers("FireFunctionName")
        pid = workers.sender(folder, function, received.client_port)
        return lambda: self._kill_fire(fault, pid, self._made[job.number].job_id)

    def _doing(self, planned: PlannedFault) -> Callable[[], None]:
        match planned.fault:
            case Fault.KILL_BEFORE:
                return lambda: self._kill_before(planned.pick)
            case Fault.KILL_HAND_OFF | Fault.KILL_BURY | Fault.KILL_API:
                return lambda: self._note(planned.fault, hit=self._kill_all(planned.fault) > 0)
            case Fault.KILL_SWEEP:
                return lambda: self._kill_sweep(planned.pick)
            case Fault.SWEEP_TWICE:
                return self._sweep_twice
            case Fault.SWEEPS_LEFT_OUT:
                return lambda: self._leave_out_sweeps(planned.lasts_s)
            case Fault.STREAM_DROPPED:
                return lambda: self._refuse_hand_off(planned.lasts_s)
            case Fault.RESTART:
                return self._restart
            case Fault.MESSAGE_DROPPED:
                return lambda: self._steal(self._job_of(planned))
            case _:
                return lambda: self._send_message(planned)

    def _note(
        self, fault: Fault, *, hit: bool = True, job_id: str | None = None, running: Running = frozenset()
    ) -> None:
        with self._lock:
            self.injected.append(Injected(fault, time.time() * 1000, hit, job_id, running))

    def _job_of(self, planned: PlannedFault) -> Made:
        assert planned.job is not None
        return self._made[planned.job]

    # --- processes

    def _workers(self, function: str) -> tuple[Any, str]:
        return self._stack.deployed.workers_folder, self._stack.deployed.outputs[function]

    def _kill_fire(self, fault: Fault, pid: int | None, job_id: str | None = None) -> None:
        """Kill a worker, and look at once which attempts were under way: those that died are among them.

        An attempt that died stays under way for half a minute at least, so a restart in between hides none.
        """
        killed = pid is not None and _kill(pid)
        running = _once_it_works(self._stack.running) if killed else frozenset()
        self._note(fault, hit=killed, job_id=job_id, running=running)

    def _kill_before(self, pick: float) -> None:
        """Kill a worker that holds an open connection and has not sent its request yet."""
        ports = self._targets.waiting()
        folder, function = self._workers("FireFunctionName")
        pid = workers.sender(folder, function, ports[int(pick * len(ports))]) if ports else None
        self._kill_fire(Fault.KILL_BEFORE, pid)

    def _kill_all(self, fault: Fault) -> int:
        """Kill every worker of a function; returns how many there were."""
        return sum(_kill(pid) for pid in workers.pids(*self._workers(FUNCTIONS[fault])))

    def _kill_sweep(self, pick: float) -> None:
        """Begin a sweep, and kill it in the middle."""
        sweeping = threading.Thread(target=self._sweep)
        sweeping.start()
        time.sleep(0.02 + pick * 0.2)
        killed = self._kill_all(Fault.KILL_SWEEP)
        sweeping.join()
        self._note(Fault.KILL_SWEEP, hit=killed > 0)

    def _restart(self) -> None:
        """Stop the emulator with everything in it, and start it with its state kept. All workers die of it."""
        self._stack.restart()
        self._note(Fault.RESTART, running=self._stack.running())

    # --- sweeps and the stream

    def _sweep(self) -> bool:
        try:
            answer = self._functions.invoke(FunctionName=self._stack.deployed.outputs["SweepFunctionName"])
        except (BotoCoreError, ClientError):
            return False
        return "FunctionError" not in answer

    def _sweep_twice(self) -> None:
        rival = threading.Thread(target=self._sweep)
        rival.start()
        swept = self._sweep()
        rival.join()
        self._note(Fault.SWEEP_TWICE, hit=swept)

    def _leave_out_sweeps(self, seconds: float) -> None:
        rules = [rule["Name"] for rule in self._rules.list_rules()["Rules"] if "ScheduleExpression" in rule]
        for rule in rules:
            self._rules.disable_rule(Name=rule)
        time.sleep(seconds)
        for rule in rules:
            _once_it_works(lambda rule=rule: self._rules.enable_rule(Name=rule))  # type: ignore[misc]
        self._note(Fault.SWEEPS_LEFT_OUT, hit=bool(rules))

    def _refuse_hand_off(self, seconds: float) -> None:
        """Take hand_off's right to send. It reports its records as failed, which the emulator takes for done with."""
        name = self._stack.deployed.outputs["HandOffFunctionName"]
        role = self._functions.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
        refusal = {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [refusal]})
        self._roles.put_role_policy(RoleName=role, PolicyName=REFUSAL, PolicyDocument=document)
        time.sleep(seconds)
        _once_it_works(lambda: self._roles.delete_role_policy(RoleName=role, PolicyName=REFUSAL))
        self._note(Fault.STREAM_DROPPED)

    # --- messages

    def _send_message(self, planned: PlannedFault) -> None:
        made = self._job_of(planned)
        fire_at = round(made.due_ms)
        if planned.fault is Fault.MESSAGE_STALE:
            fire_at += round((planned.pick - 0.5) * 10_000) or 1
        if made.job_id is not None:
            body = json.dumps({"id": made.job_id, "fire_at": fire_at})
            self._queues.send_message(QueueUrl=self._jobs_queue, MessageBody=body)
        self._note(planned.fault, hit=made.job_id is not None, job_id=made.job_id)

    def _steal(self, made: Made) -> None:
        """Drop a job's message when it comes. What else comes meanwhile is sent anew, last come first."""
        if made.job_id is None:
            self._note(Fault.MESSAGE_DROPPED, hit=False)
            return
        with self._lock:
            self._to_drop.add(made.job_id)
        caught: list[str] = []
        deadline = time.monotonic() + THEFT_SECONDS
        while made.job_id in self._to_drop and time.monotonic() < deadline:
            caught += self._catch()
            time.sleep(THEFT_PAUSE_SECONDS)
        self._send_on(caught[::-1])
        with self._lock:
            dropped = made.job_id not in self._to_drop
            self._to_drop.discard(made.job_id)
        self._note(Fault.MESSAGE_DROPPED, hit=dropped, job_id=made.job_id)
        for _ in caught:
            self._note(Fault.MESSAGES_REORDERED)

    def _catch(self) -> list[str]:
        """Take the messages that have come. Those to drop are gone; the bodies of the others are returned."""
        answer = self._queues.receive_message(
            QueueUrl=self._jobs_queue, MaxNumberOfMessages=10, VisibilityTimeout=HELD_SECONDS
        )
        kept: list[str] = []
        for message in answer.get("Messages", []):
            job_id = json.loads(message["Body"]).get("id")
            with self._lock:
                if job_id in self._to_drop:
                    self._to_drop.discard(job_id)
                else:
                    kept.append(message["Body"])
            self._queues.delete_message(QueueUrl=self._jobs_queue, ReceiptHandle=message["ReceiptHandle"])
        return kept

    def _send_on(self, bodies: list[str]) -> None:
        for start in range(0, len(bodies), SEND_ON_BATCH):
            entries = [
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(bodies[start : start + SEND_ON_BATCH])
            ]
            self._queues.send_message_batch(QueueUrl=self._jobs_queue, Entries=entries)


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _once_it_works(do: Callable[[], Done]) -> Done:
    """Do what must be done, also when the emulator is just being restarted."""
    while True:
        try:
            return do()
        except (BotoCoreError, ClientError):
            time.sleep(RETRY_SECONDS)
