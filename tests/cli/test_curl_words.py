"""Curl commands as browsers, documentation and habits write them: split by the shell, or in quotes as a whole."""

from __future__ import annotations

import subprocess

import pytest

from punctual.cli.arguments import taken_apart
from punctual.cli.curl_words import curl_words
from punctual.cli.errors import Misused
from tests.cli.programs import Program

URL = "https://shop.example.com/api"
SEVERAL_LINES = f"curl '{URL}' \\\n  -H 'accept: */*' \\\n  --data-raw"


def split_by_bash(command: str) -> list[str]:
    shell = subprocess.run(
        ["bash", "-c", f'curl() {{ printf "%s\\0" curl "$@"; }}; {command}'], capture_output=True, text=True, check=True
    )
    return shell.stdout.split("\0")[:-1]


@pytest.mark.parametrize(
    "command",
    [
        f"curl {URL} -d a=1",
        f"{SEVERAL_LINES} '{{\"a\": 1}}'",
        f'{SEVERAL_LINES} $\'{{"a":"it\\\'s \\u00e9\\u0021 \\x41\\101\\n\\t\\\\"}}\'',
        f'curl "{URL}" -d "a \\"quoted\\" $\'text\'"',
        f"curl {URL} -d a$'b\\'c'd\"e\"",
        f"curl {URL} -d it\\'s",
    ],
)
def test_one_in_quotes_as_a_whole_has_the_words_that_bash_would_make_of_it(command: str) -> None:
    """As in `-- "$(cat command.sh)"`."""
    assert curl_words([command]) == split_by_bash(command)


def test_lines_that_end_as_on_windows_go_on_too() -> None:
    assert curl_words([f"curl {URL} \\\r\n  -d a=1 \\ \n -s\n"]) == ["curl", URL, "-d", "a=1", "-s"]


@pytest.mark.parametrize(
    "words",
    [["curl.exe", URL], ["/usr/bin/curl", URL], ["$", "curl", URL], [f"$ curl {URL}"], [f"/usr/bin/curl {URL}"]],
    ids=" ".join,
)
def test_curl_may_be_written_with_its_place_and_with_the_prompt(words: list[str]) -> None:
    assert curl_words(words)[1:] == [URL]


@pytest.mark.parametrize("words", [[URL], ["POST", URL, "a=1"], ["wget", URL], [f"wget {URL}"], ["$"], ["a 'b"]])
def test_what_is_no_curl_command_is_none(words: list[str]) -> None:
    assert curl_words(words) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["curl", URL, "^", "-H", "A: b"], "copied for a shell of Windows"),
        ([f'curl ^"{URL}^" ^\n  -H ^"A: b^"'], "copied for a shell of Windows"),
        (["curl", f"^{URL}^", "-s"], "copied for a shell of Windows"),
        (["curl.exe", URL, "`", "-s"], "copied for a shell of Windows"),
        ([f"curl -s {URL} | jq ."], "has a | of the shell"),
        ([f"curl -s {URL} > out.json"], "has a > of the shell"),
        ([f"curl -s {URL} -d 'a"], "cannot be read: No closing quotation"),
    ],
)
def test_what_no_shell_here_would_run_so_is_told(words: list[str], told: str) -> None:
    with pytest.raises(Misused, match=told.replace("|", r"\|")):
        curl_words(words)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--in", "10m", "curl", "-s", URL], "A curl command goes after `--`"),
        (["curl", "-X", "POST", URL, "-o", "x"], "A curl command goes after `--`"),
        (["--wait", "curl", URL], "A curl command goes after `--`"),
        (["--", "curl", URL, "--in", "10m"], "--in stands among curl's own options."),
        (["--in", "10m", "--", "curl", URL, "--wait"], "curl has no --wait."),
        (["--in", "10m", "--", "curl", "--data=secret", URL], "curl takes the value of --data as the next word."),
        (["--in", "10m", "--", "curl", "--frob=secret", URL], "curl's --frob is not known here."),
        ([], "It is not said what to send, and when."),
    ],
)
def test_a_command_that_is_mixed_up_is_told_how_to_write_it(stranger: Program, arguments: list[str], told: str) -> None:
    ended = stranger.run("schedule", *arguments)
    assert (ended.code, ended.out) == (2, "")
    first, hint, *more = ended.err.splitlines()
    assert first.startswith(f"Error: {told}") and hint and not more
    assert "secret" not in ended.err


@pytest.mark.parametrize(
    "arguments", [["--name", "curl", URL], ["--profile", "curl", URL], [URL, "-H", "curl", "-d", "curl"]]
)
def test_the_word_curl_may_be_a_value(arguments: list[str]) -> None:
    assert taken_apart(arguments) == (arguments, {"curl": ()})
