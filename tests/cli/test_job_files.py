"""Jobs in files: what each line becomes, and what a line that is no job is told."""

from __future__ import annotations

from typing import Any

import pytest

from punctual.cli.errors import NotAccepted
from punctual.cli.job_files import BadRow, Row, of_csv, of_json_lines


def when(phrase: str, zone: str | None) -> dict[str, Any]:
    if phrase == "nonsense":
        raise NotAccepted("`nonsense` is no time")
    return {"phrase": phrase, "zone": zone}


def documents(text: str) -> list[Any]:
    rows = list(of_csv(text.splitlines(keepends=True), when))
    return [row.document if isinstance(row, Row) else str(row) for row in rows]


class TestCsv:
    def test_columns_are_fields_and_empty_cells_are_left_out(self) -> None:
        text = (
            "url,method,at,timezone,name,headers.X-Token,retry.max_attempts,timeout_seconds,expect.status,secret_headers\n"
            'https://a.example/,GET,sunday 1am,Europe/Berlin,"a, b",t,5,2.5,"200,3xx","x-token, y"\n'
            "https://b.example/,,in 5m,,,,,,2xx,\n"
        )
        assert documents(text) == [
            {
                "url": "https://a.example/",
                "method": "GET",
                "name": "a, b",
                "headers": {"X-Token": "t"},
                "retry": {"max_attempts": 5},
                "timeout_seconds": 2.5,
                "expect": {"status": [200, "3xx"]},
                "secret_headers": ["x-token", "y"],
                "phrase": "sunday 1am",
                "zone": "Europe/Berlin",
            },
            {"url": "https://b.example/", "expect": {"status": "2xx"}, "phrase": "in 5m", "zone": None},
        ]

    def test_a_delay_stands_in_a_column_of_its_own(self) -> None:
        assert documents("url,in\nhttps://a.example/,5 minutes\n") == [
            {"url": "https://a.example/", "phrase": "in 5 minutes", "zone": None}
        ]

    def test_a_body_is_text_and_json_is_json(self) -> None:
        text = 'url,body,json,expect.json\nu,"{""a"": 1}",,\nu,,"{""a"": 1}","[1]"\n'
        assert documents(text) == [
            {"url": "u", "body": '{"a": 1}'},
            {"url": "u", "body": {"a": 1}, "expect": {"json": [1]}},
        ]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("url,at,in\nu,tomorrow,5m\n", "line 2: there is a time in `at` and one in `in`: one of them is enough"),
            ("url,at\nu,nonsense\n", "line 2: `nonsense` is no time"),
            ("url,retry.max_attempts\nu,many\n", "line 2: `retry.max_attempts` is a number, and this is not: many"),
            ("url,delay_seconds\nu,nan\n", "line 2: `delay_seconds` is a number, and this is not: nan"),
            ("url,json\nu,{\n", "line 2: `json` is JSON, and this is not: {"),
            ("url\nu,more\n", "line 2: there are more cells than names in the first row"),
        ],
    )
    def test_a_row_that_is_no_job_is_told_with_its_line_and_the_rest_is_read(self, text: str, told: str) -> None:
        assert documents(text + "https://a.example/\n") == [told, {"url": "https://a.example/"}]

    @pytest.mark.parametrize(
        ("names", "told"),
        [
            ("url,when", "there is no column `when`"),
            ("method,at", "one of them is `url`"),
            ("url,\x1b", r"column `\x1b`"),
        ],
    )
    def test_a_first_row_that_names_no_columns_says_which_there_are(self, names: str, told: str) -> None:
        with pytest.raises(BadRow) as refusal:
            documents(f"{names}\na,b\n")
        assert told in str(refusal.value)
        assert "headers.NAME" in refusal.value.hint


class TestJsonLines:
    def test_each_line_is_a_document_as_it_is(self) -> None:
        rows = list(of_json_lines(['{"url": "u", "at": "x", "unknown": [1]}', "", '{"url": "v"}']))
        assert [(row.number, row.document) for row in rows if isinstance(row, Row)] == [
            (1, {"url": "u", "at": "x", "unknown": [1]}),
            (3, {"url": "v"}),
        ]

    @pytest.mark.parametrize("line", ["{", "[]", '"text"', "nan nan"])
    def test_a_line_that_is_no_object_is_told_with_its_number(self, line: str) -> None:
        (_, bad) = of_json_lines(['{"url": "u"}', line])
        assert isinstance(bad, BadRow)
        assert str(bad).startswith("line 2: ")


def test_the_same_line_has_the_same_digest_whatever_the_time() -> None:
    """A row is known again by what stands in the file, not by the instant that `in 5m` comes to."""
    (first,) = of_csv(["url,in\n", "u,5m\n"], lambda *_: {"at": "2026-11-21T10:00:00Z"})
    (again,) = of_csv(["url,in\n", "u,5m\n"], lambda *_: {"at": "2026-11-22T10:00:00Z"})
    assert isinstance(first, Row) and isinstance(again, Row)
    assert first.digest == again.digest
    assert first.document != again.document
