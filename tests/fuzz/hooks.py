"""What schemathesis makes up where the document names a format: nothing that leads to anybody. And answers, counted: a
run that only meets refusals has looked at little."""

from __future__ import annotations

import atexit
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st

from description.asked import WRITTEN_TIME
from lambdas.jobs.due_time import LONGEST_DELAY_SECONDS, zone_names
from tests.fuzz.fuzzing import CONFIRMED, COUNTS

_PATHS = st.text("abcxyz019-._~%/?=&äö ", max_size=20)
_NOBODY = ("https://shop.example.com/", "http://127.0.0.1:8080/", "HTTP://SHOP.Example.com:80/")
_ADDRESSES = st.builds("{}@example.com".format, st.text("abc.+-", min_size=1, max_size=10))

schemathesis.openapi.format("http-url", st.builds("{}{}".format, st.sampled_from(_NOBODY), _PATHS))
schemathesis.openapi.format("email", st.just(os.environ[CONFIRMED]) | _ADDRESSES)
schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(zone_names())))

_WHOLE = {"max_attempts", "min_backoff_seconds", "max_backoff_seconds", "status"}
_WRITTEN = re.compile(WRITTEN_TIME["pattern"])
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d.[\d:.]+")
_OF_THE_CONNECTION = {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"}
_answered: Counter[tuple[str, int]] = Counter()


@schemathesis.hook
def flatmap_path_parameters(_context: Any, path_parameters: dict[str, Any] | None) -> st.SearchStrategy[Any]:
    """Hosts that jobs were sent to, as often as any others: those are in trouble, as nobody is there."""
    made = st.just(path_parameters)
    if not path_parameters or "host" not in path_parameters:
        return made
    return made | st.sampled_from(("shop.example.com", "127.0.0.1:8080")).map(lambda host: {"host": host})


@schemathesis.hook
def filter_headers(_context: Any, headers: Any) -> bool:
    """None of those that say how the rest of a request is to be read: what is wrong with them no service sees."""
    return not headers or not {name.lower() for name in headers} & _OF_THE_CONNECTION


@schemathesis.hook
def flatmap_headers(_context: Any, headers: Any) -> st.SearchStrategy[Any]:
    """Of versions that a change is meant for, any as often as one made up, which no job has."""
    made = st.just(headers)
    return made | st.just({**headers, "If-Match": "*"}) if headers and "If-Match" in headers else made


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Times that make sense, and whole numbers without a fraction, which JSON Schema takes 5.0 for. What fits the
    document still does, and what does not fit it does not either."""
    if isinstance(body, list):
        return [map_body(_context, entry) for entry in body]
    if not isinstance(body, dict):
        return body
    likely = {name: _likely(name, value) for name, value in body.items()}
    if _LOCAL.fullmatch(str(likely.get("at"))):
        likely.setdefault("timezone", "Europe/Berlin")
    return likely


def _likely(name: str, value: Any) -> Any:
    if name in ("jobs", "retry", "expect"):
        return map_body(None, value)
    if name == "status" and isinstance(value, list):
        return [_likely(name, one) for one in value]
    if name in _WHOLE and isinstance(value, float) and value.is_integer():
        return int(value)
    if name == "delay_seconds" and isinstance(value, float) and 0 <= value <= LONGEST_DELAY_SECONDS:
        return round(value, 3)
    if name in ("at", "expires_at") and isinstance(value, str) and _WRITTEN.fullmatch(value):
        return f"20{30 + int(value[2:4]) % 60}{value[4:]}"
    return value


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    _answered[f"{case.operation.method.upper()} {case.operation.path}", response.status_code] += 1


@atexit.register
def _tell() -> None:
    counts = [[route, status, times] for (route, status), times in sorted(_answered.items())]
    Path(os.environ[COUNTS]).write_text(json.dumps(counts))
