"""Validation: a verdict for every criterion, the same judgement as scheduling's, nothing stored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lambdas.jobs.accept import new_job
from lambdas.jobs.criteria import ANY_FIELD, CRITERIA
from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import RequestRefused, ValueRefused
from lambdas.jobs.scheduling import FIELDS
from lambdas.jobs.validating import Validation, validate
from tests.corpus.files import ADDRESSES, REQUESTS, read_addresses, read_requests
from tests.examples import HORIZON, new_id
from tests.fakes import NOW_MS, FakeNames

RULES = read_addresses(ADDRESSES).rules
ENTRIES = read_requests(REQUESTS)
BAD = [entry.document for entry in ENTRIES.bad if isinstance(entry.document, dict) and entry.expect["status"] == 422]
GOOD = [entry.document for entry in ENTRIES.valid]
SOUND = {"url": "https://hooks.customer.com/run", "delay_seconds": 60}


def validated(document: dict[str, Any], names: FakeNames | None = None, rules: Rules = RULES) -> Validation:
    return validate(
        document,
        owner="ada",
        job_id=new_id(),
        now_ms=NOW_MS,
        horizon=HORIZON,
        rules=rules,
        names=names or FakeNames(),
    )


def failed(validation: Validation) -> list[str]:
    return [verdict.criterion.name for verdict in validation.verdicts if not verdict.passed]


@pytest.mark.parametrize("document", BAD, ids=range(len(BAD)))
def test_each_refusal_of_scheduling_is_the_failure_of_exactly_one_criterion(document: dict[str, Any]) -> None:
    """With the refusal's own words; and of what could not be judged because of it, the verdict says so."""
    with pytest.raises(RequestRefused) as refused:
        new_job(document, owner="ada", job_id=new_id(), now_ms=NOW_MS, horizon=HORIZON, rules=RULES)
    validation = validated(document)
    assert validation.job is None
    for fault in refused.value.faults:
        (criterion,) = [criterion for criterion in CRITERIA if criterion.is_failed_by(fault)]
        (verdict,) = [verdict for verdict in validation.verdicts if verdict.criterion is criterion]
        assert not verdict.passed
        assert fault.message in (verdict.detail or "")
    told = {criterion.name for criterion in CRITERIA for fault in refused.value.faults if criterion.is_failed_by(fault)}
    for verdict in validation.verdicts:
        if not verdict.passed and verdict.criterion.name not in told:
            assert verdict.detail in {f"Not judged, as {name} is not met." for name in verdict.criterion.after}


@pytest.mark.parametrize("document", GOOD, ids=range(len(GOOD)))
def test_what_scheduling_accepts_meets_every_criterion(document: dict[str, Any]) -> None:
    validation = validated(document)
    assert validation.job is not None
    assert failed(validation) == []


def test_every_criterion_has_a_verdict_in_the_order_of_the_list() -> None:
    assert [verdict.criterion for verdict in validated(SOUND).verdicts] == list(CRITERIA)
    assert [verdict.criterion for verdict in validated({}).verdicts] == list(CRITERIA)


def test_a_document_with_nothing_in_it_lacks_a_url_and_a_time() -> None:
    validation = validated({})
    told = {verdict.criterion.name: verdict.detail for verdict in validation.verdicts if not verdict.passed}
    assert told["url.given"] == "A job needs a url: where its request goes."
    assert told["at.one_time"] == "A job needs a time: at or delay_seconds."
    assert told["url.public_address"] == told["url.resolves"] == "Not judged, as url.given is not met."
    assert {name.partition(".")[0] for name in told} == {"url", "at"}


@pytest.mark.parametrize("code", ["name_not_found", "address_denied"])
def test_where_the_name_leads_now_decides_one_criterion_and_not_whether_the_job_is_accepted(code: str) -> None:
    """It is judged again each time the request is sent."""
    names = FakeNames(ValueRefused(code, "The name leads nowhere good."))
    validation = validated({**SOUND, "url": "HTTPS://Hooks.Customer.com:443/run#top"}, names)
    assert names.checked == ["https://hooks.customer.com/run"]
    assert failed(validation) == ["url.resolves"]
    assert validation.job is not None


def test_a_name_is_looked_up_when_something_else_is_wrong_and_not_when_the_url_is() -> None:
    names = FakeNames()
    assert failed(validated({**SOUND, "method": "BREW"}, names)) == ["method.known"]
    assert names.checked == ["https://hooks.customer.com/run"]
    validated({**SOUND, "url": "http://127.0.0.1/"}, names)
    assert names.checked == ["https://hooks.customer.com/run"]


def test_each_field_that_can_be_wrong_has_criteria_and_each_name_begins_with_its_field() -> None:
    assert len({criterion.name for criterion in CRITERIA}) == len(CRITERIA)
    assert {criterion.name.partition(".")[0] for criterion in CRITERIA} == {ANY_FIELD, *FIELDS}
    assert all(criterion.name.startswith(criterion.field.partition(".")[0]) for criterion in CRITERIA)
    earlier: set[str] = set()
    for criterion in CRITERIA:
        assert set(criterion.after) <= earlier
        earlier.add(criterion.name)


def test_every_code_that_the_documentation_has_for_a_field_of_scheduling_belongs_to_a_criterion() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    rows = [row for row in page.splitlines() if row.startswith("| 422")]
    codes = {code for row in rows for code in re.findall(r"`([a-z0-9_]+)`", row.split("|")[2])}
    elsewhere = {"cursor_invalid", "idempotency_key_reused", "not_an_object"}
    assert rows
    assert codes - elsewhere <= {code for criterion in CRITERIA for code in criterion.codes}
