"""What holds for the program whatever the command: how it starts, ends, and speaks to people and scripts."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from punctual.cli.main import program
from punctual.cli.other_words import WORDS
from punctual.cli.program import SUMMARIES
from tests.cli.programs import ROOT, Program, lines
from tests.client import gateway as gateways

HEAVY = ("rich", "dateparser", "urllib3", "platformdirs", "keyring", "tzlocal")


def group_of(path: str) -> click.Group:
    """The program, or a command of it that is several."""
    found = program()
    _, *below = path.split()
    group = found.get_command(click.Context(found), below[0]) if below else found
    assert isinstance(group, click.Group)
    return group


class TestHelp:
    def test_names_every_command_with_a_sentence(self, stranger: Program) -> None:
        help_text = stranger.run("--help").out
        for name, summary in SUMMARIES.items():
            assert f"{name} " in help_text
            assert summary.split()[0] in help_text

    def test_is_what_no_command_at_all_gets(self, stranger: Program) -> None:
        assert stranger.run().err.splitlines()[0] == "Usage: punctual [OPTIONS] COMMAND [ARGS]..."

    @pytest.mark.parametrize("name", SUMMARIES)
    def test_of_each_command_begins_with_its_sentence_and_has_examples(self, name: str, stranger: Program) -> None:
        ended = stranger.run(name, "--help")
        assert ended.code == 0
        said = " ".join(ended.out.split())
        assert SUMMARIES[name] in said
        assert f"punctual {name}" in said.partition("Examples:")[2]

    def test_imports_nothing_that_takes_time(self) -> None:
        """Drawing, dates and HTTP are for commands: help must be there at once."""
        code = (
            "import sys; from punctual.cli.main import main; main(['--help']);"
            f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
        )
        ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert ended.stderr.strip() == "[]"


def test_every_command_that_asks_the_service_is_tried_on_the_deployed_stack() -> None:
    """By the real program, in tests/live."""
    tried = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests" / "live").glob("test_cli_*.py"))
    missing = {name for name in SUMMARIES if f'"{name}"' not in tried}
    assert missing <= {"completion", "profiles"}, missing  # they ask nobody


class TestMistakes:
    def test_a_command_that_does_not_exist_is_answered_with_those_that_are_near(self, stranger: Program) -> None:
        ended = stranger.run("whaomi")
        assert ended.code == 2
        assert "There is no command `punctual whaomi`. Did you mean `punctual whoami`?" in ended.err
        assert ended.out == ""

    def test_an_option_that_does_not_exist_is_answered_with_those_that_are_near(self, stranger: Program) -> None:
        ended = stranger.run("whoami", "--profil", "x")
        assert ended.code == 2
        assert "Did you mean '--profile'?" in ended.err

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("delete job_1", "punctual cancel"),
            ("show job_1", "punctual get"),
            ("logs job_1", "punctual history"),
            ("POST https://example.com", "punctual schedule POST"),
            ("https://example.com", "punctual schedule https://example.com"),
            ("keys delete 1", "punctual keys revoke"),
            ("targets resume host", "punctual targets allow"),
            ("version", "punctual --version"),
        ],
    )
    def test_the_words_of_other_programs_are_answered_with_ours(
        self, stranger: Program, typed: str, meant: str
    ) -> None:
        ended = stranger.run(*typed.split())
        assert ended.code == 2
        assert f"Did you mean `{meant}`?" in ended.err

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ("schedule URL --after 5m", "No such option '--after'. Did you mean '--in'?"),
            ("schedule URL --tz UTC", "No such option '--tz'. Did you mean '--timezone'?"),
            ("schedule URL --data-raw a", "No such option '--data-raw'. Did you mean '--data'?"),
            ("schedule URL -u a:b", "No such option '-u'. Did you mean '--header'?"),
            ("cancel --all --force", "No such option '--force'. Did you mean '--yes'?"),
            ("schedule URL -L", "No such option '-L'. It is curl's: a whole curl command goes after `--`."),
            ("test URL --compressed", "No such option '--compressed'. It is curl's: a whole curl command goes after"),
            ("list -L", "No such option '-L'."),
        ],
    )
    def test_the_options_of_other_programs_are_answered_with_ours(
        self, stranger: Program, typed: str, told: str
    ) -> None:
        ended = stranger.run(*typed.split())
        assert (ended.code, told in " ".join(ended.err.split())) == (2, True), ended.err

    def test_other_words_stand_for_commands_that_there_are_and_none_for_two(self) -> None:
        for path, words in WORDS.items():
            names = group_of(path).list_commands(click.Context(group_of(path)))
            others = " ".join(words.values()).split()
            assert set(words) - {"--version"} <= set(names)
            assert not set(others) & set(names) and len(others) == len(set(others)), path

    def test_an_empty_profile_is_refused(self, cli: Program) -> None:
        """A variable that was not set must not choose the service."""
        ended = cli.run("list", "--profile", "")
        assert (ended.code, "--profile is empty" in ended.err) == (2, True)
        assert cli.run("list", PUNCTUAL_PROFILE="").code == 0

    def test_who_is_not_signed_in_is_told_what_to_do(self, stranger: Program) -> None:
        ended = stranger.run("whoami")
        assert (ended.code, ended.out) == (3, "")
        assert lines(ended.err)[0] == "Error: You are not signed in."


class TestPlaces:
    @pytest.mark.parametrize("typed", ["--json whoami", "--no-color --json whoami", "keys --json list"])
    def test_options_of_every_command_may_stand_before_it(self, cli: Program, typed: str) -> None:
        cli.run("keys", "create", "ci", "--scope", "jobs:read")
        ended = cli.run(*typed.split())
        assert (ended.code, ended.err) == (0, "")
        assert json.loads(ended.out)

    def test_a_profile_may_stand_before_the_command_and_below_it(self, stranger: Program) -> None:
        for words in (["--profile", "work", "list"], ["--profile=work", "list"], ["keys", "--profile", "work", "list"]):
            ended = stranger.run(*words)
            assert (ended.code, "There is no profile work." in ended.err) == (3, True), words

    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ("help", "punctual [OPTIONS] COMMAND"),
            ("help list", "punctual list"),
            ("help keys revoke", "punctual keys revoke"),
        ],
    )
    def test_help_may_be_asked_for_as_a_command(self, stranger: Program, typed: str, shown: str) -> None:
        ended = stranger.run(*typed.split())
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith(f"Usage: {shown}")


class TestForms:
    def test_json_is_one_object_a_line(self, cli: Program) -> None:
        ended = cli.run("whoami", "--json")
        assert (ended.code, ended.err) == (0, "")
        assert json.loads(ended.out)["owner"] == gateways.OWNER
        assert ended.out.count("\n") == 1

    def test_quiet_is_ids_alone(self, cli: Program) -> None:
        assert cli.run("whoami", "--quiet").out == gateways.OWNER + "\n"

    def test_a_closed_stdin_is_fine(self, cli: Program) -> None:
        assert cli.run("whoami", stdin=None).code == 0

    def test_a_reader_that_goes_away_is_no_error_to_shout_about(self, cli: Program) -> None:
        command = f"{sys.executable} -m punctual.cli.main whoami --json | true"
        ended = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command], env=cli.environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode in (0, 141)  # 0: it was written before the reader went
        assert ended.stderr == ""


class TestTroubles:
    def test_a_service_that_is_not_there_is_unreachable(self, stranger: Program) -> None:
        where = {"PUNCTUAL_API_URL": "http://127.0.0.1:9", "PUNCTUAL_TOKEN": "t"}
        ended = stranger.run("whoami", **where)
        assert ended.code == 7
        assert "http://127.0.0.1:9 cannot be reached" in ended.err

    def test_a_token_that_does_not_count_is_not_signed_in(self, cli: Program) -> None:
        ended = cli.run("whoami", PUNCTUAL_TOKEN="another")
        assert ended.code == 3
        assert "PUNCTUAL_TOKEN holds no token" in ended.err

    def test_what_nobody_expected_has_the_request_id(self, cli: Program, gateway: gateways.Gateway) -> None:
        broken = gateways.Canned(500, b'{"message":"Internal Server Error"}', {"apigw-requestid": "gateway-7"})
        gateway.troubles += [broken] * 5
        ended = cli.run("whoami")
        assert ended.code == 7
        assert "gateway-7" in ended.err

    def test_texts_of_others_do_not_reach_the_terminal_as_they_are(
        self, cli: Program, gateway: gateways.Gateway
    ) -> None:
        detail = "no \x1b[2J\u202eway"
        gateway.troubles.append(
            gateways.Canned(404, json.dumps({"detail": detail, "code": "job_not_found", "errors": []}).encode())
        )
        ended = cli.run("whoami")
        assert ended.code == 5
        assert "\x1b" not in ended.err and "\u202e" not in ended.err
        assert r"no \x1b[2J\u202eway" in ended.err
