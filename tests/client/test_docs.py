"""The examples of docs/client.md do what they say, and show all that the client can."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from lambdas.jobs.target import Limits, Sign
from punctual import Client
from tests.client.gateway import OWNER, TOKEN, Gateway
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_examples_print_what_stands_behind_them(
    client: Client, gateway: Gateway, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, before the function api; a target is down, and all jobs are read from their index."""
    a_paused_target(service)
    names: dict[str, Any] = {"api_url": gateway.url, "token": TOKEN}
    for example in EXAMPLES:
        exec(compile(example, str(PAGE), "exec"), names)
        printed = " ".join(capsys.readouterr().out.split())
        shown = " ".join(re.findall(r"print\(.*\)  # (.*)", example))
        assert re.fullmatch(as_pattern(shown), printed), f"{example}\nprinted {printed}"


def test_each_method_is_shown() -> None:
    """As it is called in an example or in the text."""
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    assert methods == set(re.findall(r"(?:client|Client\(.*\))\.(\w+)\(", PAGE.read_text()))


def as_pattern(shown: str) -> str:
    """What a page shows of a print: any id for an id, and anything for `…`."""
    return re.sub(r"job_[0-9a-f]{32}", "job_[0-9a-f]{32}", re.escape(shown)).replace("…", ".*")


def a_paused_target(service: Service) -> None:
    """The host of the examples refuses connections."""
    target = service.targets.count(OWNER, "shop.example.com", sign=Sign.FAILURE, now_ms=NOW_MS)
    paused = target.opened("connect_failed", asked_ms=0, now_ms=NOW_MS, limits=Limits())
    service.targets.replace(paused, read_version=target.version, now_ms=NOW_MS)
