"""`punctual export`: what is written can be imported again, and is the same job."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from punctual.cli.bulk import AT_ONCE
from punctual.cli.exporting import COLUMNS
from punctual.cli.job_files import Row, of_csv
from tests.cli.programs import Program, lines
from tests.client import gateway as gateways

AT = {"at": "2090-01-01T10:00:00.000Z"}
DOCUMENTS: list[dict[str, Any]] = [
    {"url": "https://a.example.com/1", "method": "GET", **AT},
    {"url": "https://a.example.com/2", "body": 'text, "quoted"\nin two lines', "name": "näme", **AT},
    {"url": "https://a.example.com/3", "body": {"a": [1, None]}, "headers": {"X-One": "a,b", "X-Two": "ü"}, **AT},
    {"url": "https://a.example.com/4", "body_base64": "/w==", "timezone": "Europe/Berlin", **AT},
    {
        "url": "https://a.example.com/5",
        "retry": {"max_attempts": 7, "min_backoff_seconds": 20, "max_backoff_seconds": 600},
        "timeout_seconds": 12.5,
        "expect": {"status": [200, "3xx"], "body_contains": "ok", "json": {"a": 1}},
        "notify": {"on": ["failed", "succeeded"]},
        **AT,
    },
]
FLEETING = {"id", "created_at", "updated_at", "version"}


def schedule(cli: Program, documents: list[dict[str, Any]]) -> None:
    ended = cli.run("import", "-", stdin="".join(json.dumps(document) + "\n" for document in documents))
    assert ended.code == 0, ended.err


def whole(cli: Program) -> list[dict[str, Any]]:
    jobs = [json.loads(line) for line in lines(cli.run("export", "--whole").out)]
    lasting = [{name: value for name, value in job.items() if name not in FLEETING} for job in jobs]
    return sorted(lasting, key=lambda job: str(job["request"]["url"]))


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_is_exported_and_imported_again_is_the_same(form: str, cli: Program) -> None:
    schedule(cli, DOCUMENTS)
    before = whole(cli)
    (cli.folder / f"jobs.{form}").write_text(cli.run("export", "--format", form).out)
    assert cli.run("cancel", "--all", "--yes").code == 0
    imported = cli.run("import", f"jobs.{form}", "--quiet")
    assert imported.code == 0, imported
    after = [job for job in whole(cli) if job["status"] == "scheduled"]
    if form == "csv":  # there a time is read like --at, and is shown in the user's own zone
        shown = {"timezone", "due_at_local"}
        before, after = ([{k: v for k, v in job.items() if k not in shown} for job in jobs] for jobs in (before, after))
    assert after == before


def test_a_spreadsheet_has_the_columns_that_can_be_imported(cli: Program) -> None:
    schedule(cli, DOCUMENTS)
    rows = list(csv.DictReader(io.StringIO(cli.run("export", "--format", "csv").out)))
    assert tuple(rows[0]) == COLUMNS
    assert sorted(row["url"] for row in rows) == [document["url"] for document in DOCUMENTS]


def test_every_column_is_one_that_import_knows() -> None:
    cells = ["https://a.example.com/", *[""] * (len(COLUMNS) - 1)]
    rows = [",".join(COLUMNS) + "\n", ",".join(cells) + "\n"]
    (row,) = of_csv(rows, lambda *_: {})
    assert isinstance(row, Row), row


def test_secret_headers_are_left_out_and_that_is_said(cli: Program) -> None:
    schedule(cli, [{"url": "https://a.example.com/", "headers": {"Authorization": "Bearer s", "X-A": "b"}, **AT}])
    ended = cli.run("export")
    assert json.loads(ended.out)["headers"] == {"X-A": "b"}
    assert "1 of them have secret headers, which are left out" in ended.err


def test_only_jobs_that_match_are_exported(cli: Program) -> None:
    schedule(cli, DOCUMENTS)
    assert cli.run("export", "--host", "b.example.com", "--json").out == ""
    assert len(lines(cli.run("export", "--name", "nä", "--quiet").out)) == 1
    assert cli.run("export", "1999", "--quiet").out == ""


def test_many_jobs_are_read_a_few_at_once_and_written_in_order(cli: Program, gateway: gateways.Gateway) -> None:
    count = 5 * AT_ONCE
    schedule(
        cli,
        [
            {"url": f"https://a.example.com/{n}", "body": str(n), "at": f"2090-01-01T10:{n:02}:00Z"}
            for n in range(count)
        ],
    )
    bodies = [json.loads(line)["body"] for line in lines(cli.run("export").out)]
    assert bodies == [str(n) for n in range(count)]
    assert len([path for method, path, _ in gateway.seen if path.startswith("/v1/jobs/job_")]) == count


def test_a_job_that_is_gone_meanwhile_is_left_out(cli: Program, gateway: gateways.Gateway) -> None:
    schedule(cli, DOCUMENTS[:2])
    gone = gateways.Canned(404, json.dumps({"code": "job_not_found", "detail": "no", "errors": []}).encode())
    page = cli.run("list", "--json", "--all").out
    listed = gateways.Canned(
        200, json.dumps({"jobs": [json.loads(line) for line in lines(page)], "next_cursor": None}).encode()
    )
    gateway.troubles += [listed, gone]
    assert len(lines(cli.run("export").out)) == 1


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_ids_alone_are_had_from_lists_without_reading_each_job(
    form: str, cli: Program, gateway: gateways.Gateway
) -> None:
    schedule(cli, DOCUMENTS)
    gateway.seen.clear()
    ended = cli.run("export", "--quiet", "--format", form)
    assert (ended.code, ended.err) == (0, "")
    assert [line[:4] for line in lines(ended.out)] == ["job_"] * len(DOCUMENTS)
    assert [path.partition("?")[0] for _, path, _ in gateway.seen] == ["/v1/jobs"]


def test_json_is_json_whatever_the_format(cli: Program) -> None:
    schedule(cli, DOCUMENTS[:1])
    ended = cli.run("export", "--format", "csv", "--json")
    assert [json.loads(line)["url"] for line in lines(ended.out)] == ["https://a.example.com/1"]
    assert ended.err == "1 job.\n"
