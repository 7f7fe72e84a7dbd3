"""docs/cli.md says what the commands say themselves."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest

from lambdas.jobs.job import Status
from local.manual import PAGE, renewed
from punctual.cli.errors import ExitCode
from punctual.cli.manual import MEANINGS, PRINTED, manual
from punctual.cli.program import SUMMARIES
from punctual.cli.times import TimeRefused, moment, span, told
from tests.cli.programs import Program, lines
from tests.cli.stored import stored
from tests.handlers.recorded import Service


def test_the_page_is_what_the_commands_say() -> None:
    page = PAGE.read_text("utf-8")
    assert page == renewed(page), "run `make manual`"


def test_every_command_and_every_exit_code_is_there() -> None:
    text = manual()
    assert [name for name in SUMMARIES if f"### punctual {name}\n" not in text] == []
    assert list(MEANINGS) == list(ExitCode)


class TestTimes:
    """The section that is written by hand: what it says is understood is, and what it says is refused is."""

    NOW = datetime.fromisoformat("2026-11-25T21:00-05:00")
    ZONE = "America/New_York"

    @staticmethod
    def section() -> tuple[str, str, str]:
        """The table of moments, what is refused, and the table of ranges."""
        text = PAGE.read_text("utf-8").partition("\n## Times\n")[2].partition("\n<!--")[0]
        moments, refused, ranges = re.split(r"\nWhat could mean two|\nWhere a range", text)
        return moments, refused, ranges

    @staticmethod
    def phrases(table: str) -> list[str]:
        cells = re.findall(r"^\| [^|]+ \| ([^|]+) \|$", table, re.MULTILINE)
        return [phrase for cell in cells for phrase in re.findall(r"`([^`-][^`]*)`", cell)]

    def test_moments_that_it_names_are_understood(self) -> None:
        phrases = self.phrases(self.section()[0])
        assert len(phrases) > 20
        for phrase in phrases:
            assert moment(phrase, now=self.NOW, zone=self.ZONE).at > self.NOW

    def test_ranges_that_it_names_are_understood(self) -> None:
        phrases = self.phrases(self.section()[2])
        assert len(phrases) > 12
        for phrase in phrases:
            found = span(phrase, self.NOW, self.ZONE)
            assert found.start or found.end

    def test_what_it_calls_refused_is(self) -> None:
        phrases = re.findall(r"`([^`]+)`", self.section()[1])
        assert len(phrases) == 3
        for phrase in phrases:
            with pytest.raises(TimeRefused):
                moment(phrase, now=self.NOW, zone=self.ZONE)

    def test_the_moment_that_it_tells_is_told_so(self) -> None:
        at = moment("sunday 1am", now=self.NOW, zone=self.ZONE).at
        assert f'"{told(at, self.NOW)}"' in " ".join(self.section()[0].split())


class TestWhatJsonPrints:
    """Each line is one object, with the fields that the page names."""

    def test_every_command_is_told(self) -> None:
        assert set(PRINTED) == set(SUMMARIES)

    @pytest.mark.parametrize("name", ["validate", "criteria", "history", "stats", "whoami", "completion"])
    def test_it_has_the_fields_that_the_page_names(self, name: str, cli: Program, service: Service) -> None:
        job = stored(service, Status.FAILED, due_in=-60)
        arguments: dict[str, tuple[str, ...]] = {
            "validate": (job.request.url, "--in", "5m"),
            "history": (job.id,),
            "completion": ("bash",),
        }
        printed = [json.loads(line) for line in lines(cli.run(name, *arguments.get(name, ()), "--json").out)]
        assert printed and all(isinstance(one, dict) for one in printed)
        assert [field for field in re.findall(r"`(\w+)`", PRINTED[name]) if field not in printed[0]] == []
