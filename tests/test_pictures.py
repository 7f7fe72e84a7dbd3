"""The pictures of docs/ show what the pages beside them tell, to everybody."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from infra.packaging import FUNCTIONS
from tests.pages import ROOT, page, section

PICTURES = ROOT / "docs" / "pictures"


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.stem)
def test_pictures_are_described_and_made_for_light_and_dark(path: Path) -> None:
    """Each picture is well-formed, says in words what it shows, and has colours for a dark page."""
    root = ElementTree.parse(path).getroot()
    texts = {child.tag.rpartition("}")[2]: child.text or "" for child in root}
    assert texts["title"]
    assert len(texts["desc"]) > 80
    assert "prefers-color-scheme: dark" in texts["style"]


def test_every_arrow_of_the_states_is_in_the_picture() -> None:
    """The table beside it has a row for each letter."""
    told = re.findall(r"^\| \*\*([a-z])\*\* ", section("docs/journey.md", "The states"), re.MULTILINE)
    assert len(told) > 6
    assert sorted(texts_of("states", "letter")) == sorted(told)


def test_every_step_of_a_message_is_in_the_picture() -> None:
    """By the numbers of the table beside it, in their order."""
    told = re.findall(r"^\| \*\*(\d)\*\* ", section("docs/journey.md", "What becomes of a message"), re.MULTILINE)
    assert len(told) > 6
    assert texts_of("message", "num") == told


def test_every_function_of_a_jobs_way_is_in_the_picture_of_the_journey() -> None:
    """All but `check`, which stores nothing."""
    assert set(texts_of("journey", "name mono")) == set(FUNCTIONS) - {"check"}


def texts_of(picture: str, style: str) -> list[str]:
    """What a picture has in one style, from top to bottom as it is written."""
    text = page(f"docs/pictures/{picture}.svg")
    return re.findall(rf'<(?:text|tspan) class="{style}"[^>]*>([^<]+)<', text)
