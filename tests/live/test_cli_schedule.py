"""`punctual schedule` by the real program before the deployed stack: jobs that fire while somebody looks on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.programs import Program, lines, program
from tests.live.deployed_stack import DeployedStack
from tests.live.target import Reply, Target

pytestmark = pytest.mark.live


@pytest.fixture
def cli(stack: DeployedStack, tmp_path: Path) -> Program:
    """The program of a user with jobs of their own."""
    return program(tmp_path, stack.api_url, stack.sign_in("schedules@example.com").token)


def test_a_job_is_seen_to_fire(cli: Program, receiver: Target) -> None:
    url = receiver.url("/cli/fires")
    words = ("schedule", "PUT", url, "name=Ann", "--in", "8 seconds", "--name", "look on", "--wait")
    with cli.before_terminal(*words, columns=120) as terminal:
        scheduled = terminal.wait_for(lambda text: re.search(r"00:0[1-8] until job_", text) is not None)
        assert terminal.finished() == 0
    (received,) = receiver.requests("/cli/fires")
    assert (received.method, received.body) == ("PUT", b'{"name":"Ann"}')
    job_id = received.headers["punctual-job-id"]
    assert f"Scheduled {job_id} (look on)\n  PUT {url}\n" in scheduled
    told = [line for line in scheduled.splitlines() if re.search(" Europe/Berlin, .* UTC( on |$)", line)]
    assert len(told) == 2  # before it was sent, and after
    *_, attempt, end = lines(terminal.text)
    assert re.fullmatch(r"Attempt 1: 200 after [\d,]+ ms, -?[\d,]+ ms late\.", attempt)
    assert end == f"{job_id} succeeded."


def test_a_job_that_fails_is_seen_to_be_tried_again_and_to_fail_with_the_reason(cli: Program, receiver: Target) -> None:
    receiver.answer("/cli/breaks", Reply(503, "one moment"), Reply(404, "<h1>no such page</h1>"), Reply(200))
    words = ("schedule", receiver.url("/cli/breaks"), "--in", "2s", "--retry", "attempts=3,min=1s,max=1s", "--wait")
    with cli.before_terminal(*words, columns=120) as terminal:
        terminal.wait_for("The target answered 503")
        assert terminal.finished() == 1
    _, second = receiver.requests("/cli/breaks")
    job_id = second.headers["punctual-job-id"]
    assert re.search(r"^Attempt 1: 503 after .*\(status_retryable\)$", terminal.text, re.MULTILINE)
    assert re.search(r"^Attempt 2: 404 after .*\(status_permanent\)$", terminal.text, re.MULTILINE)
    assert re.search(rf"^Error: {job_id} failed: .*404.* \(status_permanent\)$", terminal.text, re.MULTILINE)
    assert "  <h1>no such page</h1>" in terminal.text
    hint = next(line for line in lines(terminal.text) if line.startswith("To call it again"))
    assert cli.run(*hint.partition("punctual ")[2].split()).code == 0
    receiver.wait_for("/cli/breaks", 3, within_seconds=30)


def test_a_curl_command_is_sent_as_curl_would_and_waited_for_in_a_script(cli: Program, receiver: Target) -> None:
    content = bytes(range(256))
    (cli.folder / "photo").write_bytes(content)
    curl = f"curl -sSXPOST {receiver.url('/cli/curl')} -H 'Content-Type: image/x' -u ann:s3cret --data-binary @photo -L"
    ended = cli.run("schedule", "--in", "1s", "--wait", "--json", "--", curl)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["status"] == "succeeded"
    (received,) = receiver.requests("/cli/curl")
    assert received.body == content
    assert received.headers["content-type"] == "image/x"
    assert received.headers["authorization"] == "Basic YW5uOnMzY3JldA=="
    assert "curl's -L: ignored" in ended.err and "s3cret" not in ended.err


def test_what_would_be_refused_is_known_before(cli: Program, receiver: Target) -> None:
    url = receiver.url("/cli/tested")
    receiver.answer("/cli/tested", Reply(200, '{"open": false}', {"content-type": "application/json"}))
    assert "url.public_address\t" in cli.run("criteria").out
    assert cli.run("validate", url, "--in", "5m").code == 0
    refused = cli.run("schedule", "http://10.0.0.1/", "--in", "5m", "--dry-run")
    assert refused.code == 4 and "✗ An address in the URL is public." in refused.out

    assert cli.run("test", url, "--expect", "200").code == 0
    with cli.before_terminal("test", url, "--expect", 'json={"open": true}') as terminal:
        assert terminal.finished() == 1
    assert re.search(r"^✗ +json\.open +true +false$", terminal.text, re.MULTILINE)
    assert len(receiver.requests("/cli/tested")) == 2
