"""T7: what is told of a damaged item, in logs and mails, names what is wrong and quotes nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.adapters.job_items import item_of, job_from_item
from lambdas.adapters.messages import letter_from_body, message_from_body
from lambdas.jobs.errors import DamagedItem
from tests.examples import a_full_job, an_attempt

WORD = "kanari-damaged-7q"
WRONG: list[Any] = [WORD, [WORD], [[WORD]], [[WORD, WORD, WORD]], {WORD: WORD}, WORD.encode(), None, 7]


def damaged_items() -> Iterator[tuple[str, dict[str, Any]]]:
    """A job's item with each attribute, and each member of its request, in every wrong form."""
    whole = item_of(a_full_job(attempts=(an_attempt(),), name=WORD))
    for wrong in WRONG:
        for name in whole:
            yield name, {**whole, name: wrong}
        for name in whole["request"]:
            yield f"request.{name}", {**whole, "request": {**whole["request"], name: wrong}}


def test_why_an_item_is_damaged_quotes_nothing_of_it() -> None:
    """Whichever attribute it is, and whatever stands there: the text goes to operators by mail and log."""
    told = {}
    for name, item in damaged_items():
        try:
            job_from_item(item)
        except DamagedItem as error:
            told[name, repr(item.get(name))] = error.why
    assert len(told) > 100
    assert {key: why for key, why in told.items() if WORD in why} == {}


@pytest.mark.parametrize("read", [message_from_body, letter_from_body])
@pytest.mark.parametrize(
    "body",
    [
        WORD,
        f'{{"id": "{WORD}"}}',
        f'{{"id": 1, "fire_at": "{WORD}"}}',
        f'{{"id": "job_1", "fire_at": 1, "attempt": "{WORD}"}}',
        f'{{"id": "job_1", "fire_at": 1, "attempt": 1, "outcome": "{WORD}"}}',
        f'{{"id": "job_1", "fire_at": 1, "attempt": 1, "outcome": {{"verdict": "{WORD}"}}}}',
    ],
)
def test_why_a_message_is_unreadable_quotes_nothing_of_it(read: Any, body: str) -> None:
    """It is logged, too."""
    with pytest.raises(DamagedItem) as damaged:
        read(body)
    assert WORD not in str(damaged.value)
