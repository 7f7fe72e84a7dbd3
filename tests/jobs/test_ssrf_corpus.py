"""The corpus of hostile and of benign URLs, entry by entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.jobs.destination import Rules, canonical_url
from lambdas.jobs.errors import ValueRefused

CORPUS = json.loads((Path(__file__).parents[1] / "corpus" / "ssrf.json").read_text("utf-8"))
RULES = Rules.from_settings(
    private_targets="",
    allowed_ports=",".join(map(str, CORPUS["policy"]["ports"])),
    own_hosts=",".join(CORPUS["policy"]["own_hosts"]),
)


def entries(*, stage: str, verdict: str) -> list[Any]:
    found = [entry for entry in CORPUS["entries"] if (entry["stage"], entry["verdict"]) == (stage, verdict)]
    return [pytest.param(entry, id=entry["id"]) for entry in found]


def connectable(entry: dict[str, Any]) -> list[list[bool]]:
    """For each look-up of the entry's host, which of the addresses may be connected to."""
    return [
        [RULES.addresses.allows(ip, 80, name) for ip in answer]
        for name, answers in entry["dns"].items()
        for answer in answers
    ]


@pytest.mark.parametrize("entry", entries(stage="api", verdict="block"))
def test_what_can_be_seen_from_the_url_is_refused_at_the_door(entry: dict[str, Any]) -> None:
    """Verdict `block`, stage `api`: refused without DNS (threat T1)."""
    with pytest.raises(ValueRefused):
        canonical_url(entry["url"], RULES)


@pytest.mark.parametrize("entry", entries(stage="api", verdict="allow"))
def test_benign_urls_pass_the_door_and_their_addresses_the_guard(entry: dict[str, Any]) -> None:
    """Verdict `allow`: accepted, in canonical form where the corpus names it."""
    canonical = canonical_url(entry["url"], RULES)
    assert canonical == entry.get("canonical", canonical)
    assert RULES.addresses.allows(entry["connect_to"], 80, "example.com")


@pytest.mark.parametrize("entry", entries(stage="worker", verdict="block"))
def test_names_that_lead_inside_are_stopped_at_the_address(entry: dict[str, Any]) -> None:
    """Stage `worker`: the door cannot know; no address of the first answer may be called (threat T2).

    Where the first answer is public, the danger is a redirect, which is not followed: its end is refused here too.
    """
    first = connectable(entry)[0]
    if "redirect_to" in entry:
        with pytest.raises(ValueRefused):
            canonical_url(entry["redirect_to"], RULES)
    else:
        assert not any(first)


@pytest.mark.parametrize("entry", entries(stage="worker", verdict="allow"))
def test_names_that_lead_to_the_internet_are_connectable(entry: dict[str, Any]) -> None:
    """Every address of every answer may be called."""
    assert all(all(answer) for answer in connectable(entry))


@pytest.mark.parametrize(
    "entry", entries(stage="worker", verdict="never-private") + entries(stage="api", verdict="never-private")
)
def test_mixed_answers_are_judged_address_by_address(entry: dict[str, Any]) -> None:
    """Verdict `never-private`: the public ones may be called, the private ones never."""
    for name, answers in entry["dns"].items():
        for ip in (ip for answer in answers for ip in answer):
            public = ip.startswith("93.184.216.") or ip.startswith("2606:2800:")
            assert RULES.addresses.allows(ip, 80, name) is public
