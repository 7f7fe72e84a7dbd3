"""The options that say how a job is tried, what its success is, and who is told: `--retry`, `--expect`, `--notify`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from punctual.cli.errors import Misused
from punctual.cli.items import json_of

_RETRY_PARTS = {
    "attempts": "max_attempts",
    "max_attempts": "max_attempts",
    "min": "min_backoff_seconds",
    "min_backoff_seconds": "min_backoff_seconds",
    "max": "max_backoff_seconds",
    "max_backoff_seconds": "max_backoff_seconds",
}
_STATUS = re.compile(r"(?:[0-9]xx|[0-9]+)(?:,(?:[0-9]xx|[0-9]+))*", re.IGNORECASE)


def seconds_of(text: str, option: str) -> float:
    """Seconds of `30`, `1.5`, `90s`, `1h30m`. A whole number of them is an int. Raises Misused, naming the option."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        seconds = float(text)
    else:
        from punctual.cli.times import TimeNotUnderstood, duration

        try:
            seconds = duration(text).total_seconds()
        except TimeNotUnderstood as error:
            raise Misused(f"{option}: {error}", hint="As in: 30, 1.5, 90s, 10m, 1h30m.") from None
    return int(seconds) if seconds.is_integer() else seconds


def retry_of(text: str) -> dict[str, Any]:
    """`5`, `none`, or parts such as `attempts=5,min=10s,max=1h`, as the field `retry`."""
    if text.isdecimal():
        return {"max_attempts": int(text)}
    if text in ("none", "never", "no"):
        return {"max_attempts": 1}
    retry: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        field = _RETRY_PARTS.get(name)
        if field is None or not value:
            raise Misused(
                f"--retry: {part!r} is not understood.",
                hint="As in: --retry 5 (five attempts in all), --retry none, --retry attempts=5,min=10s,max=1h.",
            )
        if field in retry:
            raise Misused(f"--retry: {name} is given twice.")
        if field == "max_attempts" and not value.isdecimal():
            raise Misused(f"--retry: {value!r} is no number of attempts.")
        retry[field] = int(value) if field == "max_attempts" else seconds_of(value, "--retry")
    return retry


def expect_of(given: Iterable[str]) -> dict[str, Any]:
    """`2xx`, `status=200,404`, `body~text`, `json={…}` and `header:Name=value`, as the field `expect`."""
    expect: dict[str, Any] = {}
    for text in given:
        for field, value in _expected(text):
            if field == "headers":
                expect.setdefault("headers", {}).update(value)
            elif field in expect:
                raise Misused(f"--expect: {field} is given twice.")
            else:
                expect[field] = value
    return expect


def _expected(text: str) -> Iterator[tuple[str, Any]]:
    status = text.removeprefix("status=")
    if _STATUS.fullmatch(status):
        statuses = [int(one) if one.isdecimal() else one.lower() for one in status.split(",")]
        yield "status", statuses[0] if len(statuses) == 1 else statuses
    elif text.startswith("body~"):
        yield "body_contains", text[5:]
    elif found := re.fullmatch(r"json:?=(.*)", text, re.DOTALL):
        yield "json", json_of(found[1], "What --expect json has")
    elif found := re.fullmatch(r"header:([^=]+)=(.*)", text, re.DOTALL):
        yield "headers", {found[1]: found[2]}
    else:
        raise Misused(
            f"--expect: {text!r} is not understood.",
            hint="As in: --expect 2xx, --expect status=200,404, --expect body~done, --expect 'json={\"ok\":true}'"
            ", and for `punctual test` --expect header:content-type=text/html.",
        )


def notify_of(given: Iterable[str]) -> dict[str, Any]:
    """`failed`, `succeeded`, `none` and an address, by commas or one by one, as the field `notify`."""
    words = [word.strip() for text in given for word in text.split(",")]
    notify: dict[str, Any] = {}
    for word in words:
        if "@" in word:
            if "email" in notify:
                raise Misused("--notify: there are two addresses, and a job has one.")
            notify["email"] = word
        elif word in ("failed", "succeeded", "none"):
            on = notify.setdefault("on", [])
            if word != "none" and word not in on:
                on.append(word)
        else:
            raise Misused(
                f"--notify: {word!r} is not understood.",
                hint="As in: --notify failed,succeeded, --notify none, --notify ann@example.com.",
            )
    if "none" in words and len(words) > 1:
        raise Misused("--notify: none stands alone.")
    return notify
