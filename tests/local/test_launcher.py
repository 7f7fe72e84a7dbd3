"""How MiniStack is tuned. The queues and functions here stand in for MiniStack's, in the shape that is relied on."""

from __future__ import annotations

import os
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from local import launcher

QUEUE = "http://localhost/queue"


@pytest.fixture
def standing_clock() -> Iterator[None]:
    """No time passes, however long it takes on a busy machine."""
    with time_machine.travel(time.time(), tick=False):
        yield


def sqs_with(*visible_for_seconds: float) -> SimpleNamespace:
    """A queue whose messages have been visible for so long (negative: still delayed)."""
    now = time.time()
    messages = [{"visible_at": now - seconds} for seconds in visible_for_seconds]

    def receive(_url: str, most: int) -> list[dict[str, Any]]:
        return [message for message in messages if message["visible_at"] <= now][:most]

    return SimpleNamespace(
        _queues_lock=threading.Lock(),
        _get_q=lambda _url: {"messages": messages},
        _receive_messages_for_esm=receive,
    )


@pytest.mark.usefixtures("standing_clock")
@pytest.mark.parametrize(
    ("visible_for_seconds", "received"),
    [
        ((), 0),
        ((-1.0,), 0),
        ((0.01, 0.02), 0),
        ((0.01,) * 10, 10),
        ((0.01,) * 12, 10),
        ((0.2,), 1),
        ((0.2, 0.01, -1.0), 2),
    ],
    ids=["empty", "delayed", "fresh few", "full batch", "more than a batch", "waited enough", "waited with others"],
)
def test_messages_wait_a_moment_for_a_fuller_batch(visible_for_seconds: tuple[float, ...], received: int) -> None:
    """Never longer than the window; not at all once a batch is full; and what is delayed does not count."""
    receive = launcher.batching(sqs_with(*visible_for_seconds))
    assert len(receive(QUEUE, 10)) == received


def test_a_smaller_batch_size_is_full_sooner() -> None:
    """An event source that takes one message at a time waits for no second one."""
    assert len(launcher.batching(sqs_with(0.01))(QUEUE, 1)) == 1


def lambda_with(fed: str, running: list[str], most_at_once: list[int], *, expected: int) -> SimpleNamespace:
    """Functions that take 50 ms, and until as many have run together as are expected; `most_at_once` gets how many ran
    together each time one started."""
    lock, together = threading.Lock(), threading.Event()

    def execute(func: dict[str, Any], *_: Any) -> dict[str, Any]:
        with lock:
            running.append(func["FunctionName"])
            most_at_once.append(len(running))
            if len(running) == expected:
                together.set()
        together.wait(timeout=20)
        time.sleep(0.05)  # more than are expected would start now
        with lock:
            running.remove(func["FunctionName"])
        return {"body": func["FunctionName"]}

    return SimpleNamespace(
        _execute_function_warm=execute, _iter_all_esms=lambda: [("account", "region", {"FunctionName": fed})]
    )


@pytest.mark.parametrize(("function", "at_once"), [("api", launcher.WORKERS_OF_A_CALLED_FUNCTION), ("fire", 12)])
def test_calls_wait_for_a_worker_but_batches_do_not(function: str, at_once: int) -> None:
    """30 clients of the API at once would start 30 workers; a queue's own limit holds for what it feeds."""
    running: list[str] = []
    most_at_once: list[int] = []
    execute = launcher.waiting_for_a_worker(lambda_with("fire", running, most_at_once, expected=at_once))
    calls = [threading.Thread(target=execute, args=({"FunctionName": function}, {}, "request")) for _ in range(12)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert len(most_at_once) == 12
    assert max(most_at_once) == at_once


def test_the_same_code_is_unpacked_once_and_other_code_beside_it(tmp_path: Path) -> None:
    """Twenty workers of one function share one copy; another function, or another version, has its own."""
    opened = launcher.sharing_zip_file(str(tmp_path / "code"))
    for worker, content in enumerate(("first", "first", "second")):
        file = tmp_path / f"{worker}.zip"
        with zipfile.ZipFile(file, "w") as written:
            written.writestr("handler.py", content)
        folder = tmp_path / f"worker-{worker}"
        folder.mkdir()
        with opened(file) as archive:
            archive.extractall(folder)
        assert (folder / "handler.py").read_text() == content
    assert len(list((tmp_path / "code").iterdir())) == 2
    assert os.path.samefile(tmp_path / "worker-0", tmp_path / "worker-1")


def test_an_event_of_a_stream_names_its_shard() -> None:
    """As AWS does for a source with a window; other events stay as they are."""
    given: list[Any] = []

    def execute(_func: dict[str, Any], event: Any) -> dict[str, Any]:
        given.append(event)
        return {"body": "answer"}

    named = launcher.naming_the_shard(execute)
    record, message = {"eventSource": "aws:dynamodb"}, {"eventSource": "aws:sqs"}
    others: list[Any] = [{"Records": [message]}, {"Records": []}, {}, None, "text"]
    for event in ({"Records": [record]}, *others):
        assert named({}, event) == {"body": "answer"}
    assert given == [{"Records": [record], "shardId": launcher.SHARD}, *others]
