"""`make corpus`: any files of the form of the two in this folder, judged entry by entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.__main__ import main

POLICY = {"ports": [80, 443], "own_hosts": ["api.example.com"]}
RUN = {"url": "https://hooks.customer.com/run", "delay_seconds": 60}


def addresses(*entries: dict[str, Any]) -> str:
    usual = {"id": "H1", "verdict": "block", "stage": "api", "url": "http://10.0.0.1/"}
    return json.dumps({"policy": POLICY, "entries": [{**usual, **entry} for entry in entries]})


def requests(*bad: dict[str, Any], valid: tuple[dict[str, Any], ...] = ()) -> str:
    usual = {"id": "R1", "field": "url", "expect": {"status": 422, "code": "required"}}
    default = {"content_type": "application/json"}
    return json.dumps({"defaults": default, "bad": [{**usual, **entry} for entry in bad], "valid": list(valid)})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `make corpus` with files of this content; its exit status."""
    monkeypatch.chdir(tmp_path)

    def run(ssrf: str | bytes | None = None, bad: str | bytes | None = None) -> int:
        arguments: list[str] = []
        for name, content in (("ssrf", ssrf), ("bad", bad)):
            if content is not None:
                Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
                arguments += [f"--{name}", name]
        return main(arguments)

    return run


def test_without_files_it_takes_those_of_this_folder(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """And they are all as they should be."""
    assert run() == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "all as it should be"
    assert len(told) == 8  # two files, five checks, and the sum


def test_each_wrong_entry_has_a_line_with_what_was_expected_and_what_came(
    run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, and the counts at the end of each check."""
    ssrf = addresses({"id": "H7", "url": "http://example.com/\x1b", "verdict": "allow"}, {"id": "H8"})
    bad = requests({"id": "R7", "body": RUN}, {"id": "R8", "body": {"delay_seconds": 1}})
    assert run(ssrf, bad) == 1
    told = capsys.readouterr().out
    lines = told.splitlines()
    assert [line.split()[0] for line in lines if line.split()[0] in ("H7", "H8", "R7", "R8")] == ["H7", "R7"]
    assert "H7 'http://example.com/\\x1b' (door and socket): expected 201 at the door, got 422 url_control_char" in told
    assert "expected 422 required at url, got 201" in told
    assert "door and socket: 1 right, 1 wrong" in told
    assert lines[-1] == "2 wrong"
    assert "\x1b" not in told


def test_the_shorthands_for_long_texts_are_spelled_out(run: Any) -> None:
    """`$repeat` and `$concat`, and content that is no JSON or no text."""
    long_url = {"$concat": ["https://hooks.customer.com/", {"$repeat": ["a", 2_100]}]}
    wide = {"$repeat": ["é", 131_073]}  # too large as it is, and a document that is too large as escapes
    bad = requests(
        {"body": {**RUN, "url": long_url}, "expect": {"status": 422, "code": "url_too_long"}},
        {"raw": {"$repeat": ["[", 9]}, "expect": {"status": 400, "code": "invalid_json"}, "field": "document"},
        {"body": {**RUN, "body": wide}, "expect": {"status": 422, "code": "body_too_large"}, "field": "body"},
        {"body": {**RUN, "name": "\ud800"}, "expect": {"status": 400, "code": "invalid_unicode"}, "field": "document"},
        {"raw_b64": "/w==", "expect": {"status": 400, "code": "invalid_utf8"}, "field": "document"},
        valid=({"id": "V1", "body": {**RUN, "name": {"$repeat": ["n", 200]}}, "expect": {"name": "n" * 200}},),
    )
    assert run(addresses({}), bad) == 0


@pytest.mark.parametrize(
    ("ssrf", "complaint"),
    [
        pytest.param(None, "ssrf: cannot be read: No such file or directory", id="not there"),
        pytest.param("{", "ssrf: is not JSON", id="no JSON"),
        pytest.param("[" * 100_000, "ssrf: is not JSON", id="nested without end"),
        pytest.param(b"\xff", "ssrf: is not JSON", id="no text"),
        pytest.param("[]", "'policy' is not there", id="a list"),
        pytest.param(requests({}), "'policy' is not there", id="the other kind of file"),
        pytest.param(json.dumps({"policy": POLICY, "entries": {}}), "'entries' is not there", id="entries of no kind"),
        pytest.param(json.dumps({"policy": POLICY, "entries": []}), "it has no entries", id="empty"),
        pytest.param(addresses({"verdict": "maybe"}), "this is no entry", id="another verdict"),
        pytest.param(addresses({"url": 1}), "this is no entry", id="no URL"),
        pytest.param(addresses({"dns": {"a": []}}), "this is no entry", id="a name without answers"),
        pytest.param(
            json.dumps({"policy": {**POLICY, "ports": ["x"]}, "entries": [{}]}), "makes no sense", id="no port"
        ),
    ],
)
def test_a_file_of_addresses_that_is_none_is_told(
    run: Any, capsys: pytest.CaptureFixture[str], ssrf: str | bytes | None, complaint: str
) -> None:
    """Exit status 2: nothing was judged."""
    assert (main(["--ssrf", "ssrf"]) if ssrf is None else run(ssrf)) == 2
    told = capsys.readouterr()
    assert complaint in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        pytest.param(addresses({}), "'defaults' is not there", id="the other kind of file"),
        pytest.param(requests(), "it has no entries", id="empty"),
        pytest.param(requests({"field": None, "body": {}}), "this is no entry", id="nothing at fault"),
        pytest.param(requests({}), "R1 has none of body, raw and raw_b64", id="nothing sent"),
        pytest.param(requests({"raw_b64": "!"}), "R1 has none of body, raw and raw_b64", id="no Base64"),
        pytest.param(requests(valid=({"body": {}},)), "this is no entry", id="no name"),
    ],
)
def test_a_file_of_requests_that_is_none_is_told(
    run: Any, capsys: pytest.CaptureFixture[str], bad: str, complaint: str
) -> None:
    """The same."""
    assert run(None, bad) == 2
    assert complaint in capsys.readouterr().err
