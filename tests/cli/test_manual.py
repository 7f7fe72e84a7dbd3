"""docs/cli.md says what the commands say themselves."""

from __future__ import annotations

from local.manual import PAGE, renewed
from punctual.cli.errors import ExitCode
from punctual.cli.manual import MEANINGS, manual
from punctual.cli.program import SUMMARIES


def test_the_page_is_what_the_commands_say() -> None:
    page = PAGE.read_text("utf-8")
    assert page == renewed(page), "run `make manual`"


def test_every_command_and_every_exit_code_is_there() -> None:
    text = manual()
    assert [name for name in SUMMARIES if f"### punctual {name}\n" not in text] == []
    assert list(MEANINGS) == list(ExitCode)
