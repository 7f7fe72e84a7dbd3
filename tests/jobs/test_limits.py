"""The figures that owners are held to, and how operators set them."""

from __future__ import annotations

import pytest

from lambdas.jobs.errors import SettingInvalid
from lambdas.jobs.limits import HIGHEST, PRESETS, OwnerLimits

STARTER = PRESETS["starter"]


@pytest.mark.parametrize(
    ("setting", "limits"),
    [
        ("standard", OwnerLimits()),
        ("", OwnerLimits()),
        ("starter", STARTER),
        (" starter , requests_per_minute = 60 ", STARTER.changed({"requests_per_minute": 60})),
        ("upcoming_jobs=5,due_per_minute=7", OwnerLimits(upcoming_jobs=5, due_per_minute=7)),
        (
            f"reads_per_minute=1,due_per_host_minute={HIGHEST}",
            OwnerLimits(reads_per_minute=1, due_per_host_minute=HIGHEST),
        ),
    ],
)
def test_a_setting_names_a_set_of_limits_and_what_differs_from_it(setting: str, limits: OwnerLimits) -> None:
    assert OwnerLimits.from_setting(setting) == limits


def test_the_starter_is_the_first_releases_ten_requests_a_minute() -> None:
    """T10. And of nothing as much as the standard has."""
    assert STARTER.requests_per_minute == 10
    assert all(little < much for little, much in zip(STARTER, OwnerLimits(), strict=True))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("beginner", "'beginner' is neither one of standard, starter"),
        ("requests=5", "there is no requests; there are requests_per_minute,"),
        ("requests_per_minute=0", "requests_per_minute is 0; it must be from 1 to"),
        (f"requests_per_minute={HIGHEST + 1}", "it must be from 1 to"),
        ("requests_per_minute=many", "requests_per_minute is 'many'; it must be a whole number"),
        ("requests_per_minute=٣", "must be a whole number"),
        ("requests_per_minute=1.5", "must be a whole number"),
        ("requests_per_minute=", "must be a whole number"),
    ],
)
def test_what_makes_no_sense_is_told(setting: str, told: str) -> None:
    with pytest.raises(SettingInvalid, match=f"limits: .*{told}"):
        OwnerLimits.from_setting(setting)
