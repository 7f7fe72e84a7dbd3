"""The recording of the README: what a terminal showed, as an SVG that moves."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET

from local.film.__main__ import PICTURE, scenes
from local.film.recording import Recording
from local.film.svg import drawn

SVG = "{http://www.w3.org/2000/svg}"


def record(script: str) -> Recording:
    recording = Recording(40, 6, dict(os.environ))
    recording.run("show it", ["sh", "-c", script])
    return recording


def shown(recording: Recording, index: int = -1) -> list[str]:
    return ["".join(run.text for run in line).rstrip() for line in recording.frames[index].lines if line]


def test_what_is_typed_and_what_is_printed_are_seen_in_their_order() -> None:
    recording = record("printf 'one\\ntwo\\n'")
    assert shown(recording, 0) == ["$"]
    assert shown(recording, 4) == ["$ show"]
    assert shown(recording) == ["$ show it", "one", "two"]
    times = [frame.at for frame in recording.frames]
    assert times == sorted(times) and times[-1] < recording.seconds


def test_colours_and_lines_that_are_drawn_over_are_as_in_a_terminal() -> None:
    recording = record("printf '\\033[31mred\\033[0m plain\\nover\\rOVER\\n'")
    red, plain = recording.frames[-1].lines[1]
    assert (red.text, red.colour, plain.colour) == ("red", "red", "default")
    assert shown(recording)[-1] == "OVER"


def test_what_does_not_fit_goes_out_at_the_top() -> None:
    assert shown(record("seq 20"))[-1] == "20"


def test_the_picture_has_every_frame_in_its_place_and_needs_nothing_from_elsewhere() -> None:
    recording = record("printf '<a> & b\\n'")
    svg = drawn(recording.frames, recording.seconds, columns=40, rows=6, title="A & B", description="C")
    tree = ET.fromstring(svg)
    assert len(tree.findall(f".//{SVG}g[@id='strip']/{SVG}g")) == len(recording.frames)
    assert "<a> & b" in "".join(tree.itertext())
    ids = {element.get("id") for element in tree.iter(f"{SVG}text")}
    assert {str(use.get("href"))[1:] for use in tree.iter(f"{SVG}use")} == ids
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", svg) == []
    assert "prefers-reduced-motion" in svg


def test_the_readme_shows_the_commands_that_were_recorded() -> None:
    """A picture that was left behind by the command line is seen: its commands are those that are recorded now."""
    words = "".join(ET.fromstring(PICTURE.read_text("utf-8")).itertext())
    for line in scenes("http://localhost:8080"):
        assert line in words.replace("$ ", "")
