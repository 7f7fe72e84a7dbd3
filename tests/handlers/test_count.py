"""The function count: stream records in, counters changed."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas import wiring
from lambdas.handlers import count
from lambdas.jobs.counting import DAY_MS, Cell, Day
from lambdas.jobs.errors import DamagedItem, StoreUnavailable
from lambdas.jobs.job import Status
from tests.fakes import NOW_MS, FakeClock, FakeCounters
from tests.handlers.recorded import FlushedJournal, event

DONE: dict[str, Any] = {"state": {}}
ADA, BOB = (Day(owner, NOW_MS // DAY_MS) for owner in ("ada", "bob"))
COUNTED = {
    ADA: {Cell(56, Status.SCHEDULED): 1},
    BOB: {
        Cell(56, Status.RUNNING): -1,
        Cell(56, Status.SUCCEEDED): 1,
        Cell(56, Status.FAILED): -1,
        Cell(56, Status.FAILED, expired=True): 1,
    },
}
"""What the three records of the event do: a new job, a success, one that has expired."""


class Service:
    def __init__(self) -> None:
        self.counters, self.journal, self.clock = FakeCounters(), FlushedJournal(), FakeClock()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    parts = wiring.CountParts(service.counters, service.journal, service.clock)  # type: ignore[arg-type]
    monkeypatch.setattr(wiring, "count_parts", lambda: parts)
    return service


def stream(*numbers: int) -> Any:
    """The recorded event, or only some of its records."""
    recorded = event("stream_with_shard")
    if numbers:
        recorded["Records"] = [recorded["Records"][number] for number in numbers]
    return recorded


def test_each_change_of_a_job_is_counted(service: Service) -> None:
    """A new job, one that ended, and one that has expired: by the image before and after (AWS: both in the stream)."""
    assert count.handler(stream(), None) == DONE
    assert service.counters.cells() == COUNTED
    assert service.journal.lines == [], "a line for each batch would cost more than the counters"


def test_a_batch_that_comes_again_is_not_counted_again(service: Service) -> None:
    """Whole, or cut another way."""
    for numbers in ((), (), (1,), (0, 1), (2,)):
        count.handler(stream(*numbers), None)
    assert service.counters.cells() == COUNTED


def test_another_shard_has_sequence_numbers_of_its_own(service: Service) -> None:
    """Or what comes from it would be taken for what was counted."""
    count.handler(stream(0), None)
    count.handler({**stream(0), "shardId": "shardId-00000001789990000001-0badcafe"}, None)
    assert service.counters.cells() == {ADA: {Cell(56, Status.SCHEDULED): 2}}


def test_without_its_shard_nothing_is_counted(service: Service) -> None:
    """It would be counted wrongly: the event source lacks its window. The batch comes again, and the alarm rings."""
    unnamed = stream()
    del unnamed["shardId"]
    with pytest.raises(DamagedItem, match="tumbling window"):
        count.handler(unnamed, None)
    assert service.counters.cells() == {}


def test_without_old_images_nothing_is_counted(service: Service) -> None:
    """Every change would count as a new job: the stream was made with another view type."""
    blind = stream()
    del blind["Records"][1]["dynamodb"]["OldImage"]
    with pytest.raises(DamagedItem, match="old image"):
        count.handler(blind, None)
    assert service.counters.cells() == {}


def test_the_end_of_a_window_needs_nothing(service: Service) -> None:
    """It comes without records; AWS takes an answer without `state` for a failure."""
    assert count.handler({**event("stream_with_shard"), "Records": [], "isFinalInvokeForWindow": True}, None) == DONE
    assert service.journal.lines == []


def test_while_the_table_is_away_a_batch_is_not_done(service: Service) -> None:
    """F20: it comes again."""
    service.counters.down = True
    with pytest.raises(StoreUnavailable):
        count.handler(stream(), None)
    service.counters.down = False
    assert count.handler(stream(), None) == DONE
    assert service.counters.cells() == COUNTED


NOT_TEXT, NOT_KNOWN = {"N": "12"}, {"S": "no such thing"}


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        *((attribute, value) for attribute in ("owner", "status", "due_at") for value in (None, {"NULL": True})),
        *(("owner", NOT_TEXT), ("status", NOT_TEXT), ("status", NOT_KNOWN)),
        *(("due_at", {"N": "twelve"}), ("due_at", {"N": "-1"}), ("due_at", {"S": "12"})),
    ],
)
def test_a_damaged_job_is_told_and_its_neighbours_are_counted(
    service: Service, attribute: str, value: dict[str, Any] | None
) -> None:
    """F28. It counts as no job; when it is mended, it is counted as it is then."""
    broken = stream(0, 1)
    image = broken["Records"][0]["dynamodb"]["NewImage"]
    whole = dict(image)
    image.update({attribute: value} if value else {})
    if value is None:
        del image[attribute]
    assert count.handler(broken, None) == DONE
    (told,) = service.journal.of("record_damaged")
    assert "job_019970b42ccc7b0e8a54d1cf5d0a7f01" in str(told["error"])
    assert ADA not in service.counters.cells() and BOB in service.counters.cells()

    mending = stream(0)
    written = mending["Records"][0]["dynamodb"]
    written.update(OldImage=image, NewImage=whole, SequenceNumber="4421584500000000017450439099")
    mending["Records"][0]["eventName"] = "MODIFY"
    count.handler(mending, None)
    assert service.counters.cells()[ADA] == COUNTED[ADA]


def test_counters_that_cannot_be_read_hold_up_nobody(service: Service) -> None:
    """F28: that day is told, the others are counted."""
    service.counters.damaged.add(ADA)
    assert count.handler(stream(), None) == DONE
    assert service.counters.cells() == {BOB: COUNTED[BOB]}
    assert service.journal.of("counters_damaged") == [{"owner": "ada", "day": "2026-09-21"}]
