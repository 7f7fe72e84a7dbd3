"""The functions' own code at work, in a process of its own: what CPU it takes, and how much it logs.

Run by `bench.cpu`, with an emulator and a target in other processes: `python -m bench.functions_at_work TARGET_URL
[--quick]` calls the handlers as Lambda does, with events as AWS delivers them, and prints the figures as JSON.
CPU is that of this process with all its threads; AWS's and the target's part is elsewhere.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.session import get_session

from lambdas.adapters.aws import make_client
from lambdas.handlers import api, fire, hand_off

EVENTS = Path(__file__).resolve().parent.parent / "tests" / "handlers" / "events"
AHEAD = timedelta(milliseconds=600)
"""From scheduling a job to its instant: enough to be there early, as the lead would have it."""

Measured = dict[str, float]


class Counted(io.TextIOBase):
    """Takes what is printed, and counts its bytes."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, text: str) -> int:
        self.bytes += len(text.encode())
        return len(text)


class Context:
    """Lambda's context, of which only the time left is looked at."""

    def get_remaining_time_in_millis(self) -> int:
        return 110_000


class Bench:
    """Calls handlers and adds up what they take. Powertools keeps the stream that it finds when it starts."""

    def __init__(self, log: Counted, target_url: str) -> None:
        self._log = log
        self._target_url = target_url
        self._numbers = iter(range(10**9))
        self.results: Measured = {}

    def create(self, jobs: int) -> None:
        """One request after the other, each for a job of its own."""
        at = datetime.now(UTC) + timedelta(hours=1)
        self._measure("api", 1, jobs, lambda: lambda: self.schedule(at))

    def write(self, items: int) -> None:
        """The floor of what writes to the table: one PutItem by a client like the functions', and nothing else."""
        client = make_client(get_session(), "dynamodb")
        numbers = iter(range(10**9))

        def put() -> None:
            item = {"pk": {"S": f"BARE#{next(numbers)}"}, "sk": {"S": "BARE"}, "fill": {"S": "x" * 500}}
            client.put_item(TableName=os.environ["PUNCTUAL_TABLE"], Item=item)

        self._measure("write", 1, items, lambda: put)

    def hand_over(self, batches: int, *, batch: int) -> None:
        """Batches of stream records, each of a near job."""

        def prepared() -> Callable[[], None]:
            event = {"Records": [_stream_record(number) for number in range(batch)]}
            return lambda: _require(hand_off.handler(event, Context()) == {"batchItemFailures": []})

        self._measure("hand_off", batch, batches, prepared)

    def fire(self, batches: int, *, batch: int) -> None:
        """Batches of messages, each of a job that is due at the same instant in a moment."""

        def prepared() -> Callable[[], None]:
            at = datetime.now(UTC) + AHEAD
            event = {"Records": [_message(self.schedule(at)) for _ in range(batch)]}
            return lambda: _require(fire.handler(event, Context()) == {"batchItemFailures": []})

        self._measure("fire", batch, batches, prepared)

    def schedule(self, at: datetime) -> dict[str, Any]:
        """POST a job; returns what the api answers."""
        body = {
            "name": "purge items",
            "method": "POST",
            "url": f"{self._target_url}/api/items/_delete/{next(self._numbers)}",
            "headers": {"X-Reason": "expired"},
            "body": {"items": [1, 2, 3]},
            "at": at.isoformat(timespec="milliseconds"),
        }
        answer = api.handler(_http_event() | {"body": json.dumps(body)}, Context())
        _require(answer["statusCode"] == 201, answer)
        job: dict[str, Any] = json.loads(answer["body"])
        return job

    def _measure(self, function: str, batch: int, times: int, prepare: Callable[[], Callable[[], Any]]) -> None:
        """CPU and bytes of one invocation with so many jobs, on average; the first one only warms up."""
        prepare()()
        cpu_seconds, logged = 0.0, 0
        for _ in range(times):
            invoke = prepare()
            began, logged_before = time.process_time(), self._log.bytes
            invoke()
            cpu_seconds += time.process_time() - began
            logged += self._log.bytes - logged_before
        self.results[f"{function}_cpu_ms:{batch}"] = cpu_seconds * 1000 / times
        self.results[f"{function}_log_bytes:{batch}"] = logged / times


def _require(holds: bool, shown: object = "") -> None:
    if not holds:
        raise SystemExit(f"a function did not do its work {shown}")


def _http_event() -> Any:
    event = json.loads((EVENTS / "http_api.json").read_text())
    event["requestContext"]["authorizer"]["lambda"]["until_ms"] = ""  # the recorded caller's token is over by now
    return event


def _stream_record(number: int) -> dict[str, Any]:
    """The record of a job that is due in ten minutes; its image has what the job's item has."""
    fire_at_ms = time.time_ns() // 1_000_000 + 600_000
    record = json.loads((EVENTS / "stream.json").read_text())["Records"][0]
    image = {"pk": {"S": f"JOB#job_{number:032x}"}, "fire_at": {"N": str(fire_at_ms)}}
    record["dynamodb"]["NewImage"] |= {**image, "handoff": {"N": str(fire_at_ms)}}
    record["dynamodb"]["SequenceNumber"] = str(number)
    return dict(record)


def _message(job: dict[str, Any]) -> dict[str, Any]:
    record = json.loads((EVENTS / "jobs_queue.json").read_text())["Records"][0]
    fire_at_ms = round(datetime.fromisoformat(job["due_at"]).timestamp() * 1000)
    record["body"] = json.dumps({"id": job["id"], "fire_at": fire_at_ms})
    record["messageId"] = job["id"]
    return dict(record)


def main(arguments: Sequence[str]) -> None:
    quick = "--quick" in arguments
    out, sys.stdout = sys.stdout, Counted()
    bench = Bench(sys.stdout, arguments[0])
    bench.write(50 if quick else 400)
    bench.create(50 if quick else 400)
    bench.hand_over(20 if quick else 100, batch=1)
    bench.hand_over(3 if quick else 10, batch=100)
    bench.fire(3 if quick else 15, batch=1)
    bench.fire(3 if quick else 20, batch=10)
    json.dump(bench.results, out)


if __name__ == "__main__":
    main(sys.argv[1:])
