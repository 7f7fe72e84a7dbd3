"""The examples of docs/receiving.md, taken out of the page and run against requests that the service signed."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lambdas.jobs.sending import OutgoingRequest
from lambdas.jobs.signing import KEY_BYTES, SigningSecret, signed

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "receiving.md").read_text("utf-8")
OLD = SigningSecret.of_key(b"1" * KEY_BYTES, now_ms=0)
STRANGER = SigningSecret.of_key(b"9" * KEY_BYTES, now_ms=0)
BODY = '{"a": "ä"}'.encode()
Check = Callable[[str, dict[str, str], bytes], bool]


def example(heading: str, language: str) -> str:
    """The first block of code under a heading."""
    text = re.split(r"\n#", PAGE.split(f"# {heading}\n", 1)[1], maxsplit=1)[0]
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None, heading
    return found[1]


def run(code: str) -> dict[str, Any]:
    """What a Python example defines."""
    names: dict[str, Any] = {}
    exec(compile(code, "docs/receiving.md", "exec"), names)
    return names


def python(heading: str) -> Check:
    check: Check = run(example(heading, "python"))["is_mine"]
    return check


def node(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """The example for Node, in a process of its own."""
    asked = json.dumps([secret, headers, body.hex()])
    call = f'const [s, h, b] = {asked}; console.log(isMine(s, h, Buffer.from(b, "hex")));'
    command = ["node", "--input-type=module", "-e", f"{example('Node, without', 'js')}\n{call}"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr
    return {"true": True, "false": False}[told.stdout.strip()]


CHECKS = {
    "library": python("Python, with the library"),
    "python": python("Python, without"),
    "node": node,
}


@pytest.fixture(params=CHECKS)
def is_mine(request: pytest.FixtureRequest) -> Check:
    return CHECKS[request.param]


def now_ms() -> int:
    """The examples look at the real clock."""
    return time.time_ns() // 1_000_000


def headers(secret: SigningSecret, *, at_ms: int | None = None, body: bytes | None = BODY) -> dict[str, str]:
    """The headers of a request that left at a time, now if none is said."""
    request = OutgoingRequest("POST", "https://example.com/", headers=(), body=body)
    return dict(signed(request, secret, message_id="job_1", at_ms=now_ms() if at_ms is None else at_ms).headers)


def test_a_request_is_taken(is_mine: Check) -> None:
    """With a body and without."""
    assert is_mine(OLD.current, headers(OLD), BODY)
    assert is_mine(OLD.current, headers(OLD, body=None), b"")


def test_what_was_changed_or_is_anothers_is_refused(is_mine: Check) -> None:
    """T15: the body, the id, the secret; and what has no signature at all."""
    assert not is_mine(OLD.current, headers(OLD), BODY + b" ")
    assert not is_mine(OLD.current, {**headers(OLD), "webhook-id": "job_2"}, BODY)
    assert not is_mine(STRANGER.current, headers(OLD), BODY)
    assert not is_mine(OLD.current, {}, BODY)


@pytest.mark.parametrize("seconds", [-330, 330])
def test_what_is_played_back_is_refused(is_mine: Check, seconds: int) -> None:
    """T15: more than five minutes from now."""
    assert not is_mine(OLD.current, headers(OLD, at_ms=now_ms() + seconds * 1000), BODY)


def test_both_secrets_are_taken_during_a_rotation(is_mine: Check) -> None:
    """T15. Wherever the receiver is in changing over."""
    new = OLD.rotated(b"2" * KEY_BYTES, now_ms=now_ms())
    for secret in (OLD.current, new.current):
        assert is_mine(secret, headers(new), BODY)


@pytest.mark.parametrize("check", ["python", "node"])
def test_bodies_that_are_no_text_are_taken_too(check: str) -> None:
    """The library wants UTF-8, as the page says."""
    body = bytes(range(256))
    assert CHECKS[check](OLD.current, headers(OLD, body=body), body)


def test_work_is_done_once_and_done_again_only_if_it_failed(tmp_path: Path) -> None:
    """The example of keeping keys."""
    receive = run(example("Doing the work once", "python"))["receive"]
    database = sqlite3.connect(tmp_path / "receiver")
    database.execute("CREATE TABLE orders (number INTEGER)")

    def work(database: sqlite3.Connection) -> None:
        database.execute("INSERT INTO orders VALUES (66)")

    def fail(database: sqlite3.Connection) -> None:
        work(database)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        receive(database, "job_1", fail)
    assert [receive(database, key, work) for key in ("job_1", "job_1", "job_2")] == [True, False, True]
    assert database.execute("SELECT count(*) FROM orders").fetchone() == (2,)
