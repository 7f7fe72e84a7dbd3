"""The examples of docs/client.md do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.client.gateway import TOKEN, Gateway

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


def test_the_examples_run(client: object, gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    """Each in turn, before the function api."""
    for example in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(compile(example, str(PAGE), "exec"), {"api_url": gateway.url, "token": TOKEN})

    printed = capsys.readouterr().out
    assert re.search(r"job_[0-9a-f]{32} 2099-11-29 06:00:00\+00:00", printed)
    assert "scheduled purge items" in printed
    assert "url url_host_single_label" in printed and "delay_seconds range" in printed
