"""The option --timezone: any name of the database, however it is typed, and no other."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfoNotFoundError

import pytest

from punctual.cli.errors import Misused
from punctual.cli.times.zones import zone_of_machine
from tests.cli.programs import Program, lines
from tests.cli.test_completion import completed

URL = "https://shop.example.com/"


def test_a_zone_may_be_typed_in_small_letters(cli: Program) -> None:
    ended = cli.run("schedule", URL, "--at", "24 dec 2090 18:00", "--timezone", "america/new_york")
    assert ended.code == 0
    assert lines(ended.out)[-1].startswith("  Sunday 24 December 2090, 18:00 America/New_York, in 6")


def test_a_zone_that_does_not_exist_is_answered_with_the_one_that_is_near(cli: Program) -> None:
    ended = cli.run("schedule", URL, "--at", "24 dec 2090 18:00", "--timezone", "Europe/Berln")
    assert (ended.code, ended.out) == (2, "")
    said = " ".join(ended.err.split())
    assert "'--timezone': There is no time zone \"Europe/Berln\". Did you mean Europe/Berlin?" in said


def test_zones_are_completed(stranger: Program) -> None:
    assert completed(stranger, "schedule", "--timezone", "europe/ber") == ["Europe/Berlin"]


def test_a_server_whose_zone_is_utc_is_told_one_time_only(cli: Program) -> None:
    ended = cli.run("schedule", "GET", "https://shop.example.com/", "--at", "2090-01-01 10:00", TZ="Etc/UTC")
    assert ended.code == 0, ended.err
    assert "Sunday 1 January 2090, 10:00 UTC, in " in ended.err
    assert "Etc/UTC" not in ended.err + ended.out


class TestWhoseClockIsIt:
    """Times are read by the machine's clock. Where its zone has no name, they are not read as if it were UTC."""

    @pytest.mark.parametrize(
        ("setting", "told"),
        [
            *(
                ("EST5EDT", "18:00 EST5EDT, "),
                ("CET", "18:00 CET, "),
                (":America/New_York", "18:00 America/New_York, "),
            ),
            *(("posix/Asia/Tokyo", "18:00 Asia/Tokyo, "), ("europe/berlin", "18:00 Europe/Berlin, ")),
            *(
                ("/usr/share/zoneinfo/Asia/Tokyo", "18:00 Asia/Tokyo, "),
                ("UTC0", "18:00 UTC, "),
                ("UTC", "18:00 UTC, "),
            ),
        ],
    )
    def test_it_is_that_of_tz(self, setting: str, told: str, cli: Program) -> None:
        ended = cli.run("schedule", URL, "--at", "2090-12-24 18:00", TZ=setting)
        assert ended.code == 0, ended.err
        assert told in ended.err

    @pytest.mark.parametrize("setting", ["CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3", "Europe/Berln", "EST5"])
    def test_rules_without_a_name_are_refused_and_only_where_a_time_is_read(self, setting: str, cli: Program) -> None:
        ended = cli.run("schedule", URL, "--at", "2090-12-24 18:00", TZ=setting)
        assert (ended.code, ended.out) == (2, "")
        assert f'TZ="{setting}" is no name of a time zone. Set TZ, as in' in " ".join(ended.err.split())
        with_zone = cli.run(
            "schedule", URL, "--at", "2090-12-24 18:00", "--timezone", "Europe/Berlin", "-q", TZ=setting
        )
        assert with_zone.code == 0
        assert cli.run("list", "--quiet", TZ=setting).out == with_zone.out
        assert cli.run("get", with_zone.out.strip(), TZ=setting).code == 0
        assert cli.run("list", "--from", "today", TZ=setting).code == 2

    def test_what_reads_no_time_does_without_a_name(self, cli: Program) -> None:
        made = cli.run("schedule", URL, "--in", "1h", "--quiet", TZ="CET-1CEST")
        assert made.code == 0, made.err
        at = cli.run("schedule", URL, "--at", "2090-12-24T18:00Z", "--timezone", "UTC", "--quiet").out.strip()
        for job, change in ((made.out.strip(), ("--name", "new")), (at, ("--in", "2h"))):
            assert cli.run("update", job, *change, TZ="CET-1CEST").code == 0

    def test_settings_without_a_name_are_refused_unless_they_are_those_of_utc(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Such as /etc/localtime in a container, where it is a copy and no link."""
        monkeypatch.delenv("TZ", raising=False)
        monkeypatch.setattr("tzlocal.get_localzone_name", lambda: None)
        monkeypatch.setattr(time, "daylight", 0)
        monkeypatch.setattr(time, "timezone", 0)
        assert zone_of_machine() == "UTC"
        monkeypatch.setattr(time, "timezone", -3600)
        with pytest.raises(Misused, match="name of this machine's time zone is not known"):
            zone_of_machine()

    def test_settings_that_contradict_one_another_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def conflict() -> str:
            raise ZoneInfoNotFoundError("Multiple conflicting time zone configurations found")

        monkeypatch.setenv("TZ", "")
        monkeypatch.setattr("tzlocal.get_localzone_name", conflict)
        monkeypatch.setattr(time, "timezone", -3600)
        with pytest.raises(Misused, match="name of this machine's time zone is not known"):
            zone_of_machine()
