"""Items that cannot be understood and are to be replaced: only if nobody has replaced them before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdas.adapters.attribute_values import Values


def version_of(item: Values) -> int | None:
    """The version of an item of which nothing else is understood; None when it has none that is a number."""
    version = item.get("version")
    return version if type(version) is int else None


def still_damaged(version: int | None) -> tuple[str, Mapping[str, int]]:
    """The condition, and its values, that what had this version has not been replaced by the version after it."""
    if version is not None:
        return "#version = :known", {"known": version}
    # Whatever stands there for a version, that of a replacement is the first.
    return "attribute_exists(#pk) AND (attribute_not_exists(#version) OR #version <> :first)", {"first": 1}
