"""Listing: cursors that are good for one owner and one question, and pages that lose nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.errors import RequestRefused
from lambdas.jobs.job import Job, Status
from lambdas.jobs.listing import (
    UPCOMING_GROUP,
    ListQuery,
    Position,
    _signature,
    decode_cursor,
    encode_cursor,
    group_of,
    positions_after,
)
from tests.examples import a_job, new_id
from tests.fakes import NOW_MS, FakeJobStore

KEY = b"k" * 32
QUERY = ListQuery("ada", frozenset({Status.SCHEDULED, Status.FAILED}), from_ms=NOW_MS, to_ms=NOW_MS * 2)
AFTER = {UPCOMING_GROUP: Position(NOW_MS + 7, new_id()), "failed": Position(NOW_MS + 7, "")}


REFUSED = (422, "cursor_invalid", "cursor")
"""How the API refuses a cursor."""


def fault_of(cursor: str, query: ListQuery = QUERY) -> tuple[int, str, str] | None:
    """Status, code and field of what is wrong with a cursor; None if nothing is. Anything else is raised."""
    try:
        decode_cursor(cursor, query, key=KEY)
    except RequestRefused as error:
        return error.status, error.code, error.faults[0].field
    return None


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_scheduled_and_running_are_one_group() -> None:
    """So that a claim changes no index; every other status is its own."""
    assert {status: group_of(status) for status in Status} == {
        Status.SCHEDULED: "upcoming",
        Status.RUNNING: "upcoming",
        Status.SUCCEEDED: "succeeded",
        Status.FAILED: "failed",
        Status.CANCELLED: "cancelled",
    }


class TestCursors:
    def test_a_cursor_says_where_to_go_on(self) -> None:
        """And fits into a URL as it is."""
        cursor = encode_cursor(QUERY, AFTER, key=KEY)
        assert decode_cursor(cursor, QUERY, key=KEY) == AFTER
        assert cursor.isascii()
        assert cursor.replace("-", "").replace("_", "").isalnum()

    @pytest.mark.parametrize(
        "other",
        [
            {"owner": "bob"},
            {"statuses": frozenset(Status)},
            {"from_ms": None},
            {"to_ms": NOW_MS * 2 + 1},
            {"descending": True},
            {"name": "p"},
            {"host": "shop.example.com"},
        ],
        ids=["owner", "statuses", "from", "to", "order", "name", "host"],
    )
    def test_it_is_good_for_its_owner_and_its_question_only(self, other: dict[str, Any]) -> None:
        """T5: another's cursor says nothing, not even that it was one."""
        assert fault_of(encode_cursor(QUERY, AFTER, key=KEY), replace(QUERY, **other)) == REFUSED

    def test_the_limit_may_change_from_page_to_page(self) -> None:
        """It is no part of the question."""
        assert decode_cursor(encode_cursor(QUERY, AFTER, key=KEY), replace(QUERY, limit=1), key=KEY) == AFTER

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "!",
            "a",
            "ä",
            "=" * 10,
            encoded(None),
            encoded([]),
            encoded(["", {}]),
            encoded({"a": 1, "b": 2}),
            base64.urlsafe_b64encode(b"\xff\xfe").decode(),
            base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        ],
    )
    def test_what_is_no_cursor_is_refused(self, cursor: str) -> None:
        """Whatever it is: with the API's own fault, not with a defect."""
        assert fault_of(cursor) == REFUSED

    @pytest.mark.parametrize(
        "places",
        [
            [],
            "places",
            {"failed": None},
            {"failed": [NOW_MS]},
            {"failed": [NOW_MS, 7]},
            {"failed": ["soon", "job_1"]},
            {"failed": [-1, "job_1"]},
            {"failed": [1.5, "job_1"]},
            {"failed": [10**30, "job_1"]},
            {"failed": [NOW_MS, "x" * 65]},
        ],
    )
    def test_places_that_no_list_gives_are_refused(self, places: object) -> None:
        """Even if they were signed: nothing strange reaches the store."""
        content = json.dumps(places).encode()
        signed = _signature(QUERY, content, KEY) + content
        assert fault_of(base64.urlsafe_b64encode(signed).decode()) == REFUSED

    def test_a_cursor_cannot_be_forged(self) -> None:
        """T5: without the service's key, or with any bit of one's own cursor changed."""
        cursor = encode_cursor(QUERY, AFTER, key=KEY)
        assert fault_of(encode_cursor(QUERY, AFTER, key=bytes(32))) == REFUSED
        signed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        for place in range(len(signed)):
            altered = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
            assert fault_of(base64.urlsafe_b64encode(altered).decode()) == REFUSED

    def test_a_cut_cursor_is_refused(self) -> None:
        """Wherever it was cut."""
        cursor = encode_cursor(QUERY, AFTER, key=KEY)
        assert all(fault_of(cursor[:length]) == REFUSED for length in range(len(cursor)))

    @given(st.text(max_size=80))
    def test_no_text_is_a_trap(self, text: str) -> None:
        """A cursor comes from a stranger."""
        assert fault_of(text) == REFUSED


class TestPages:
    def test_all_groups_go_on_from_where_the_page_has_come_to(self) -> None:
        """Also those that had nothing on it: a job that moves there meanwhile is not lost."""
        shown = [(UPCOMING_GROUP, Position(NOW_MS, "job_a")), (UPCOMING_GROUP, Position(NOW_MS + 5, "job_b"))]
        assert positions_after(QUERY, shown) == {
            UPCOMING_GROUP: Position(NOW_MS + 5, "job_b"),
            "failed": Position(NOW_MS + 5, ""),
        }

    def test_within_one_millisecond_each_group_keeps_its_place(self) -> None:
        """A page may end in the middle of it, for several pages in a row."""
        query = replace(QUERY, after={"failed": Position(NOW_MS, "job_b"), UPCOMING_GROUP: Position(NOW_MS, "")})
        after = positions_after(query, [(UPCOMING_GROUP, Position(NOW_MS, "job_c"))])
        assert after == {"failed": Position(NOW_MS, "job_b"), UPCOMING_GROUP: Position(NOW_MS, "job_c")}

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
    def test_pages_show_every_job_once_and_in_order(self, limit: int, descending: bool) -> None:
        """Through cursors, across groups and ties."""
        statuses = [Status.SCHEDULED, Status.FAILED, Status.SUCCEEDED]
        jobs = [a_job(due_at_ms=NOW_MS + n // 4, status=statuses[n % 3]) for n in range(20)]
        query = ListQuery("ada", limit=limit, descending=descending)
        seen = all_pages(FakeJobStore(jobs), query)
        assert sorted(job.id for job in seen) == sorted(job.id for job in jobs)
        due_times = [job.due_at_ms for job in seen]
        assert due_times == sorted(due_times, reverse=descending)


def all_pages(store: FakeJobStore, query: ListQuery) -> list[Job]:
    """What a client sees who follows the cursors to the end."""
    seen: list[Job] = []
    while True:
        page = store.list(query, now_ms=NOW_MS)
        seen += page.jobs
        if page.after is None:
            return seen
        query = replace(query, after=decode_cursor(encode_cursor(query, page.after, key=KEY), query, key=KEY))
