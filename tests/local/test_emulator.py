"""The emulator as a child process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import emulator, paths, repairs
from local.progress import RunFailed


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that someone listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_told_with_a_way_out(taken_port: int, tmp_path: Path) -> None:
    """The message names the port and a command that works; nothing was made by then."""
    with (
        pytest.raises(RunFailed, match=rf"{taken_port} is taken[\s\S]*make run PUNCTUAL_PORT=\d+"),
        emulator.running(taken_port, emulator.Home(tmp_path / "home")),
    ):
        pytest.fail("it started")
    assert not (tmp_path / "home").exists()


def test_the_preferred_port_is_given_unless_it_is_taken(taken_port: int) -> None:
    """So that the second start has the same addresses as the first."""
    free = emulator.free_port()
    assert emulator.free_port(free) == free
    assert emulator.free_port(taken_port) != taken_port


@pytest.mark.emulator
def test_nothing_of_the_users_environment_reaches_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its workers inherit its environment: a proxy, a profile or a PYTHONPATH would change what functions do."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    with emulator.running(emulator.free_port(), emulator.Home(tmp_path)) as started:
        environment = Path(f"/proc/{started.pid}/environ")
        if not environment.exists():
            pytest.skip("this machine has no /proc")
        names = {entry.split(b"=")[0].decode() for entry in environment.read_bytes().split(b"\0")}
    assert not names & {"HTTPS_PROXY", "AWS_PROFILE", "PYTHONPATH"}


@pytest.mark.emulator
def test_stopping_leaves_no_process_and_no_code_behind(tmp_path: Path) -> None:
    """The temporary folder is gone, the port is free, and so is the file that it was asked to remove."""
    ready_file = tmp_path / "stack.json"
    home = emulator.Home(tmp_path / "home")
    with emulator.running(emulator.free_port(), home, remove_on_exit=ready_file) as started:
        ready_file.write_text("{}")
        assert started.alive()
    assert not started.alive()
    assert not home.temporary.exists()
    assert not ready_file.exists()
    emulator.require_free_port(started.port)


STARTS_AN_EMULATOR = """
import sys, time
from pathlib import Path
from local import emulator
with emulator.running(int(sys.argv[1]), emulator.Home(Path(sys.argv[2])), remove_on_exit=Path(sys.argv[3])) as started:
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.emulator
def test_it_ends_when_who_started_it_is_killed(tmp_path: Path) -> None:
    """kill -9 gives no chance to stop anything; the emulator notices that nobody holds its stdin any more."""
    port, home, ready_file = emulator.free_port(), tmp_path / "home", tmp_path / "stack.json"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS_AN_EMULATOR, str(port), str(home), str(ready_file)],
        cwd=paths.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "ready\n"
    ready_file.write_text("{}")
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    deadline = time.monotonic() + 60
    while (ready_file.exists() or emulator.free_port(port) != port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert emulator.free_port(port) == port
    assert not ready_file.exists()
    assert not emulator.Home(home).temporary.exists()


def test_keeping_the_state_forgets_how_far_streams_were_read(tmp_path: Path) -> None:
    """Their records are not kept: a position beyond the first new record would hide new jobs from hand_off."""
    home = emulator.Home(tmp_path)
    home.state.mkdir()
    state = {"payload": {"dynamodb_stream_positions": {"data": {"esm": 7}}, "functions": {"data": {"fire": 1}}}}
    (home.state / "lambda.json").write_text(json.dumps(state))
    emulator.prepare(home, keep=True)
    kept = json.loads((home.state / "lambda.json").read_text())["payload"]
    assert kept == {"dynamodb_stream_positions": {"data": {}}, "functions": {"data": {"fire": 1}}}


def test_starting_empty_forgets_everything(tmp_path: Path) -> None:
    """The simple promise of `make run`; code of an earlier run goes too."""
    home = emulator.Home(tmp_path)
    for folder in (home.state, home.objects, home.temporary):
        folder.mkdir()
        (folder / "old").write_text("old")
    emulator.prepare(home, keep=False)
    assert [list(folder.iterdir()) for folder in (home.state, home.objects, home.temporary)] == [[], [], []]


@pytest.mark.emulator
def test_the_right_to_send_covers_sending_batches(emulator_client: Callable[[str], Any]) -> None:
    """As on AWS, where SendMessageBatch is no right of its own; without the grant both are refused."""
    account, sqs = emulator_client("iam"), emulator_client("sqs")
    queue = sqs.create_queue(QueueName="rights")["QueueUrl"]
    account.create_user(UserName="sender")
    key = account.create_access_key(UserName="sender")["AccessKey"]
    sender: Any = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]).client(
        "sqs", endpoint_url=sqs.meta.endpoint_url, region_name=emulator.REGION
    )
    entries = [{"Id": "0", "MessageBody": "{}"}]
    with pytest.raises(sender.exceptions.ClientError, match="AccessDenied"):
        sender.send_message_batch(QueueUrl=queue, Entries=entries)
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:*:*:{queue.split('/')[-1]}"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    account.put_user_policy(UserName="sender", PolicyName="send", PolicyDocument=policy)
    assert sender.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]


@pytest.mark.emulator
def test_what_is_published_to_the_topic_is_in_the_inbox(emulator_client: Callable[[str], Any]) -> None:
    """The stand-in for e-mail; making it again, as after `KEEP=1`, changes nothing."""
    sns, sqs = emulator_client("sns"), emulator_client("sqs")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    inbox = repairs.subscribe_inbox(sns.meta.endpoint_url, topic)
    assert repairs.subscribe_inbox(sns.meta.endpoint_url, topic) == inbox
    sns.publish(TopicArn=topic, Subject="Job failed", Message="It was refused.")
    received = sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10, WaitTimeSeconds=2)["Messages"]
    assert [json.loads(message["Body"])["Message"] for message in received] == ["It was refused."]
