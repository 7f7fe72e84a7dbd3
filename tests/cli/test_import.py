"""`punctual import`: a file of jobs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.programs import Program, lines
from tests.client import gateway as gateways

TWO = "url,in,name\nhttps://shop.example.com/1,5m,one\nhttps://shop.example.com/2,6m,two\n"


def write(cli: Program, text: str, name: str = "jobs.csv") -> Path:
    path = cli.folder / name
    path.write_text(text)
    return path


def test_each_row_becomes_a_job_and_the_file_again_none(cli: Program) -> None:
    write(cli, TWO)
    ended = cli.run("import", "jobs.csv")
    assert (ended.code, ended.out, ended.err) == (0, "", "2 scheduled.\n")
    again = cli.run("import", "jobs.csv")
    assert (again.code, again.err) == (0, "0 scheduled, 2 there before.\n")
    assert (cli.folder / "jobs.csv.imported.jsonl").exists()


def test_documents_of_the_api_come_from_stdin(cli: Program) -> None:
    document = {"url": "https://shop.example.com/", "at": "2090-01-01T00:00:00Z", "headers": {"X-A": "b"}}
    ended = cli.run("import", "-", "--json", stdin=json.dumps(document) + "\n")
    answer = json.loads(ended.out)
    assert (ended.code, answer["row"], answer["status"]) == (0, 1, 201)
    assert answer["job"]["due_at"] == "2090-01-01T00:00:00.000Z"


def test_a_refused_row_is_told_with_its_line_and_the_others_are_scheduled(cli: Program) -> None:
    write(cli, TWO + "https://10.0.0.1/,5m,three\n")
    ended = cli.run("import", "jobs.csv", "--quiet")
    assert ended.code == 4
    assert len(lines(ended.out)) == 2
    assert lines(ended.err)[0].startswith("line 4: url: ")
    assert "(url_address)" in ended.err or "(url" in ended.err


def test_nothing_is_sent_if_a_line_cannot_be_read(cli: Program, gateway: gateways.Gateway) -> None:
    write(cli, TWO + "https://shop.example.com/3,gibberish,three\n")
    ended = cli.run("import", "jobs.csv")
    assert ended.code == 4
    assert lines(ended.err)[0].startswith("line 4: ")
    assert "1 of 3 lines cannot be read. Nothing was sent." in ended.err
    assert gateway.seen == []


def test_a_dry_run_stores_nothing_and_says_what_would_be_refused(cli: Program) -> None:
    write(cli, TWO + "https://10.0.0.1/,5m,three\n")
    ended = cli.run("import", "jobs.csv", "--dry-run")
    assert ended.code == 4
    assert "2 of 3 rows would be accepted. Nothing was stored." in ended.err
    assert not (cli.folder / "jobs.csv.imported.jsonl").exists()
    assert cli.run("import", "jobs.csv", "--quiet").out.count("job_") == 2


def test_progress_is_drawn_before_a_terminal(cli: Program) -> None:
    write(cli, "url,in\n" + "".join(f"https://shop.example.com/{n},5m\n" for n in range(250)))
    with cli.before_terminal("import", "jobs.csv") as terminal:
        assert terminal.finished() == 0
    assert b"/250" in terminal.raw
    assert terminal.text.splitlines()[-1] == "250 scheduled."


def test_a_file_that_is_not_there_is_a_mistake_of_the_command_line(cli: Program) -> None:
    ended = cli.run("import", "nowhere.csv")
    assert ended.code == 2
    assert "nowhere.csv" in ended.err


def test_a_file_in_another_encoding_is_told(cli: Program) -> None:
    (cli.folder / "jobs.csv").write_bytes("url,name\nhttps://a.example/,caf\xe9\n".encode("latin-1"))
    ended = cli.run("import", "jobs.csv")
    assert ended.code == 4
    assert "jobs.csv is not UTF-8" in ended.err


def test_a_line_ends_with_its_line_end_and_with_no_other_sign_that_unicode_has_for_it(cli: Program) -> None:
    """JSON allows them within a text, where jq leaves them."""
    name = "a\u2028b\u0085c"
    document = {"url": "https://shop.example.com/", "delay_seconds": 60, "name": name}
    ended = cli.run("import", "-", "--json", stdin=json.dumps(document, ensure_ascii=False) + "\r\n")
    assert (ended.code, json.loads(ended.out)["job"]["name"]) == (0, name)


@pytest.mark.parametrize("line", ['{"url": "https://a.example/", "delay_seconds": NaN}', "[" * 100_000])
def test_what_only_python_takes_for_json_is_told_with_its_line(cli: Program, line: str) -> None:
    ended = cli.run("import", "-", stdin=line + "\n")
    assert ended.code == 4
    assert lines(ended.err)[0].startswith("line 1: this is not JSON: ")


def test_from_a_pipe_nothing_is_kept_beside_it(cli: Program) -> None:
    """As in `punctual import <(jq …)`: there is no place beside, and it cannot be read again."""
    ended = cli.run("import", "/dev/stdin", "--format", "csv", stdin=TWO)
    assert (ended.code, ended.err) == (0, "2 scheduled.\n")


def test_results_that_cannot_be_kept_are_found_out_before_anything_is_sent(
    cli: Program, gateway: gateways.Gateway
) -> None:
    write(cli, TWO)
    ended = cli.run("import", "jobs.csv", "--results", "nowhere/results.jsonl")
    assert ended.code == 2
    assert lines(ended.err)[0] == "Error: nowhere/results.jsonl cannot be written: No such file or directory."
    assert gateway.seen == []
