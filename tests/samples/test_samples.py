"""F26: what older code wrote meets newer code, and the other way round, while a deploy rolls out and long after.

Each file beside this one is what the code of some day wrote, in real items and messages: `first` when the store and the
queues were new, `receipts` with Idempotency-Keys, `targets` with jobs that wait for theirs, `own-addresses` with alerts
to owners' addresses. None of them is ever written anew; a new form adds a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdas.jobs.job import Status
from tests.contracts.conftest import Table, moto, table_in
from tests.samples.written import (
    ANSWERED,
    HERE,
    HORIZON,
    LONG_AFTER_MS,
    OWNER,
    RETENTION_MS,
    SOON_MS,
    attributes,
    everything,
    read,
    settle,
)

__all__ = ["moto"]

SAMPLES = sorted(HERE.glob("*.json"))
NEWER = "from_newer_code"
LISTS_THAT_GROW = ("retry", "notes", "attempts")
"""Lists of values that go by their place: newer code adds to their ends, or to the ends of the lists in them."""


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@pytest.fixture
def new_table(request: pytest.FixtureRequest) -> Callable[[], Table]:
    """Makes tables that have nothing in them yet."""
    return lambda: table_in("moto", request)


def filled(table: Table, items: list[dict[str, Any]]) -> Table:
    for item in items:
        table.client.put_item(TableName=table.name, Item=attributes(item))
    return table


def lacks(new: Any, old: Any, place: str = "") -> Iterator[str]:
    """Where `new` has not what `old` has: of dictionaries every member, of lists every element from the first on.

    Who wrote a request is told by chance.
    """
    if place.endswith("/writer"):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            yield from lacks(new.get(name), value, f"{place}/{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) <= len(new):
        for number, value in enumerate(old):
            yield from lacks(new[number], value, f"{place}/{number}")
    elif old != new:
        yield f"{place}: {new!r} instead of {old!r}"


def test_todays_code_reads_what_older_code_wrote(sample: dict[str, Any], new_table: Callable[[], Table]) -> None:
    """F26. Every fact that the older code found in its items and messages."""
    table = filled(new_table(), sample["items"])
    assert list(lacks(read(table, sample["messages"], sample["letters"]), sample["read"])) == []


def test_todays_code_goes_on_with_what_older_code_began(sample: dict[str, Any], new_table: Callable[[], Table]) -> None:
    """F26. Jobs of the older code are claimed, taken over, settled, changed, cancelled and told of."""
    store = filled(new_table(), sample["items"]).store()

    def job_id(number: int) -> str:
        return f"job_{number:032x}"

    fresh = store.claim(job_id(1), fire_at_ms=SOON_MS, claim_id="new", now_ms=SOON_MS).won
    running = store.read(job_id(4), owner=OWNER, now_ms=SOON_MS)
    taken = store.take_over(running, claim_id="new", now_ms=LONG_AFTER_MS).won
    waiting = store.claim(job_id(6), fire_at_ms=LONG_AFTER_MS, claim_id="new", now_ms=LONG_AFTER_MS).won
    assert fresh and taken and waiting
    assert (fresh.attempt_count, taken.deaths, waiting.attempt_count) == (1, 1, 2)
    answered = replace(ANSWERED, number=taken.attempt_count)
    settle(store, store.with_request(taken).succeeded(answered, now_ms=LONG_AFTER_MS, retention_ms=RETENTION_MS))
    full = store.read(job_id(2), owner=OWNER, now_ms=SOON_MS)
    store.replace(full.run_now(now_ms=SOON_MS, horizon=HORIZON), read_version=full.version)
    large = store.read(job_id(3), owner=OWNER, now_ms=SOON_MS)
    store.replace(large.cancelled(now_ms=SOON_MS, retention_ms=RETENTION_MS), read_version=large.version)
    failed = store.read(job_id(8), owner=OWNER, now_ms=SOON_MS)
    assert failed.owes_notice
    store.mark_alerted(failed, now_ms=SOON_MS)

    after = {number: store.read(job_id(number), owner=OWNER, now_ms=LONG_AFTER_MS) for number in (2, 3, 4, 8)}
    assert (after[2].fire_at_ms, after[2].request) == (SOON_MS, full.request)
    assert after[3].status is Status.CANCELLED
    assert after[4].status is Status.SUCCEEDED
    assert not after[8].owes_notice


def test_older_code_finds_in_todays_items_what_it_wrote_itself(
    sample: dict[str, Any], new_table: Callable[[], Table]
) -> None:
    """F26. Today's code may add to items and messages; it takes nothing away and changes no meaning."""
    today = everything(new_table())
    stored = {(item["pk"]["S"], item["sk"]["S"]): item for item in today["items"]}
    for item in sample["items"]:
        key = item["pk"]["S"], item["sk"]["S"]
        assert list(lacks(stored.get(key), item, "/".join(key))) == []
    for kind in ("messages", "letters"):
        for name, body in sample[kind].items():
            assert list(lacks(json.loads(today[kind][name]), json.loads(body), name)) == []


def test_what_newer_code_will_add_is_left_alone(new_table: Callable[[], Table]) -> None:
    """F26. Members that nobody knows yet, in every map, message and list of places: all is read as without them."""
    today = everything(new_table())
    newer = filled(new_table(), [{**grown(item), NEWER: {"L": [{"M": {}}]}} for item in today["items"]])
    messages, letters = ({name: more(body) for name, body in today[kind].items()} for kind in ("messages", "letters"))
    assert read(newer, messages, letters) == today["read"]


def grown(value: dict[str, Any], name: str = "") -> dict[str, Any]:
    """An attribute or an item with something more in every map, and at the end of every list that grows."""
    kinds = {"M", "L"} & set(value) if len(value) == 1 else set()
    if kinds == {"M"}:
        inner = {one: grown(attribute, one) for one, attribute in value["M"].items()}
        return {"M": {**inner, NEWER: {"NULL": True}}}
    if kinds == {"L"}:
        return {"L": _longer(value["L"], name)}
    return {
        one: grown(attribute, one) if isinstance(attribute, dict) else attribute for one, attribute in value.items()
    }


def _longer(values: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    if name not in LISTS_THAT_GROW:
        return values
    if name == "retry":
        return [*values, {"S": NEWER}]
    return [{"L": [*value["L"], *[{"NULL": True}] * 8, {"S": NEWER}]} for value in values]


def more(body: str) -> str:
    """A message with a member more, and one more in its outcome."""
    values = json.loads(body)
    if "outcome" in values:
        values["outcome"][NEWER] = {"a": [1]}
    return json.dumps({**values, NEWER: None})
