"""Which service is asked and as whom, where that is kept, and what goes wrong there."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from punctual.cli.credentials import find
from punctual.cli.errors import NotSignedIn
from punctual.cli.profiles import Profiles
from tests.cli.issuers import PASSWORD, USER, Issuer
from tests.cli.programs import Program
from tests.cli.users import KEY, User
from tests.client import gateway as gateways

NOWHERE = "http://127.0.0.1:9"


def stack_file(folder: Path, api_url: str, token: str = gateways.TOKEN) -> Path:
    """As `make run` leaves it in its folder."""
    file = folder / ".local" / "stack.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"api_url": api_url, "token": token, "owner": gateways.OWNER}))
    return file


class TestBesideAStack:
    def test_it_works_at_once_also_in_a_folder_below(self, stranger: Program, gateway: gateways.Gateway) -> None:
        stack_file(stranger.folder, gateway.url)
        below = stranger.folder / "infra" / "deep"
        below.mkdir(parents=True)
        shown = json.loads(Program(stranger.environment, below).run("whoami", "--json").out)
        assert (shown["owner"], shown["profile"], shown["signed_in_by"]) == (gateways.OWNER, "local", "stack")

    def test_a_state_folder_of_its_own_is_found_by_its_setting(
        self, stranger: Program, gateway: gateways.Gateway, tmp_path: Path
    ) -> None:
        """And then no other is looked for."""
        stack_file(stranger.folder, NOWHERE)
        state = tmp_path / "state"
        stack_file(tmp_path, gateway.url).parent.rename(state)
        stack_file(stranger.folder, NOWHERE)
        assert stranger.run("whoami", PUNCTUAL_STATE=str(state)).code == 0
        assert stranger.run("whoami", PUNCTUAL_STATE=str(tmp_path / "other")).code == 3

    def test_its_token_is_read_anew_each_time(self, tmp_path: Path) -> None:
        """It is renewed every half hour, and `punctual watch` goes on for longer."""
        file = stack_file(tmp_path, NOWHERE, "first")
        found = find(Profiles(tmp_path / "config", warn=pytest.fail), environment={}, folder=tmp_path)
        assert found.token() == "first"
        stack_file(tmp_path, NOWHERE, "second")
        assert found.token() == "second"
        file.unlink()
        with pytest.raises(NotSignedIn, match="has ended"):
            found.token()

    def test_what_a_stack_that_is_gone_has_left_is_told(self, stranger: Program) -> None:
        """A file that a killed `make run` could not remove."""
        file = stack_file(stranger.folder, NOWHERE)
        ended = stranger.run("whoami")
        assert ended.code == 7
        assert f"{file} says that it runs. Start it again with `make run`, or delete that file" in ended.err

    def test_a_token_of_another_run_is_told(self, stranger: Program, gateway: gateways.Gateway) -> None:
        file = stack_file(stranger.folder, gateway.url, "of-yesterday")
        ended = stranger.run("whoami")
        assert (ended.code, f"{file} holds no token that counts" in ended.err) == (3, True)

    @pytest.mark.parametrize(
        "content", ["", "[]", '{"api_url": "http://127.0.0.1:9"}', '{"api_url": "http://127.0.0.1:9", "token": "a b"}']
    )
    def test_half_a_file_is_told(self, content: str, stranger: Program) -> None:
        stack_file(stranger.folder, NOWHERE).write_text(content)
        ended = stranger.run("whoami")
        assert (ended.code, "stack.json" in ended.err, "Traceback" in ended.err) == (3, True, False)

    def test_a_file_that_came_with_a_download_leads_nowhere_else(self, stranger: Program) -> None:
        """T16: whoever runs the program in a folder of strangers sends them nothing."""
        stack_file(stranger.folder, "https://evil.example.com")
        ended = stranger.run("whoami")
        assert (ended.code, "not on this machine" in ended.err) == (3, True)


class TestTheOrder:
    @pytest.fixture
    def everywhere(self, user: User, gateway: gateways.Gateway) -> User:
        """Signed in, with a stack beside."""
        assert user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n").code == 0
        stack_file(user.program.folder, gateway.url)
        return user

    def by(self, user: User, *options: str, **changes: str) -> str:
        return str(json.loads(user.run("whoami", "--json", *options, **changes).out)["signed_in_by"])

    def test_what_is_named_goes_before_what_is_set_and_that_before_what_is_found(
        self, everywhere: User, gateway: gateways.Gateway
    ) -> None:
        """T16."""
        variables = {"PUNCTUAL_API_URL": gateway.url, "PUNCTUAL_TOKEN": gateways.TOKEN}
        assert self.by(everywhere) == "password"
        assert self.by(everywhere, **variables) == "environment"
        assert self.by(everywhere, "--profile", "default", **variables) == "password"
        assert self.by(everywhere, **variables, PUNCTUAL_PROFILE="local") == "stack"
        assert self.by(everywhere, "--profile", "default", PUNCTUAL_PROFILE="local") == "password"
        everywhere.run("logout")
        assert self.by(everywhere) == "stack"

    @pytest.mark.parametrize(
        ("there", "missing"),
        [("PUNCTUAL_API_URL", "PUNCTUAL_TOKEN"), ("PUNCTUAL_TOKEN", "PUNCTUAL_API_URL")],
    )
    def test_one_variable_without_the_other_is_a_mistake(self, there: str, missing: str, everywhere: User) -> None:
        """In CI it would else be another service, or nobody."""
        ended = everywhere.run("whoami", **{there: "https://jobs.example.com"})
        assert (ended.code, ended.err.splitlines()[0]) == (3, f"Error: {there} is set and {missing} is not.")

    def test_a_token_that_cannot_be_one_is_told_without_being_shown(self, stranger: Program) -> None:
        """T16."""
        ended = stranger.run("whoami", PUNCTUAL_API_URL=NOWHERE, PUNCTUAL_TOKEN="a b")
        assert (ended.code, "PUNCTUAL_TOKEN holds no token" in ended.err, "a b" in ended.err) == (3, True, False)

    def test_an_address_that_is_none_is_told(self, stranger: Program) -> None:
        ended = stranger.run("whoami", PUNCTUAL_API_URL="jobs.example.com", PUNCTUAL_TOKEN="t")
        assert (ended.code, "must be an http or https address" in ended.err) == (3, True)

    def test_no_token_goes_in_the_open(self, stranger: Program, gateway: gateways.Gateway) -> None:
        """T16: plain http is for this machine. The gateway is the proxy here, and would see it."""
        variables = {"PUNCTUAL_API_URL": "http://jobs.example.com", "PUNCTUAL_TOKEN": gateways.TOKEN}
        ended = stranger.run("whoami", **variables, http_proxy=gateway.url)
        assert (ended.code, "would travel in the open" in ended.err, gateway.seen) == (3, True, [])

    def test_a_profile_that_is_not_there_is_told_with_those_that_are(self, everywhere: User) -> None:
        ended = everywhere.run("whoami", "--profile", "wrok")
        assert ended.code == 3
        assert "There is no profile wrok. There are: default." in ended.err

    def test_local_is_told_when_nothing_runs(self, stranger: Program) -> None:
        ended = stranger.run("whoami", "--profile", "local")
        assert (ended.code, "make run" in ended.err) == (3, True)


class TestSeveral:
    def test_each_has_its_own_secrets_and_one_is_used(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first one, until another is chosen or the first one is gone."""
        user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        monkeypatch.setattr(gateways, "TOKEN", KEY)
        second = user.login("--key-stdin", "--profile", "work", stdin=KEY)
        assert "punctual profiles use work" in second.err
        listed = [json.loads(line) for line in user.run("profiles", "--json").out.splitlines()]
        assert [(one["profile"], one["signed_in_by"], one["default"]) for one in listed] == [
            ("default", "password", True),
            ("work", "key", False),
        ]
        assert user.run("whoami").code == 3  # the service takes the key alone by now
        assert user.run("whoami", "--profile", "work").code == 0
        assert user.run("profiles", "use", "work").code == 0
        assert user.run("whoami").code == 0
        ended = user.run("logout", "--profile", "work")
        assert "Commands use profile default now." in ended.err
        assert user.run("profiles", "--quiet").out == "default\n"

    def test_they_are_shown_as_a_table(self, user: User) -> None:
        user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        with user.program.before_terminal("profiles") as terminal:
            assert terminal.finished() == 0
            heading, row = terminal.text.splitlines()
        assert heading.split() == ["PROFILE", "SERVICE", "BY", "SECRETS"]
        assert row.split() == ["*", "default", user.api_url, "password", "file"]

    def test_another_service_does_not_take_the_place_of_one_that_is_signed_in_to(self, user: User) -> None:
        """Unless its name is given."""
        user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        ended = user.run("login", "https://other.example.com")
        assert (ended.code, f"Profile default is signed in to {user.api_url}." in ended.err) == (4, True)

    def test_variables_that_go_before_it_are_not_forgotten(self, user: User, gateway: gateways.Gateway) -> None:
        """Else a sign-in would seem to do nothing."""
        variables = {"PUNCTUAL_API_URL": gateway.url, "PUNCTUAL_TOKEN": gateways.TOKEN}
        ended = user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n", **variables)
        assert (ended.code, "go before it while they are set" in ended.err) == (0, True)

    def test_once_signed_in_the_address_is_known(self, user: User) -> None:
        user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        again = user.program.run("login", "--password", "--user", USER, stdin=f"{PASSWORD}\n")
        assert (again.code, user.api_url in again.err) == (0, True)

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            ((), "Which service?"),
            (("http://jobs.example.com",), "begins with https://"),
            (("https://",), "begins with https://"),
            (("https://jobs.example.com", "--profile", "local"), "needs no sign-in"),
            (("https://jobs.example.com", "--profile", "../../etc"), "is no name of a profile"),
            (("https://jobs.example.com", "--password", "--key-stdin"), "choose one"),
            (("https://jobs.example.com", "--user", "ann"), "--user goes with --password"),
        ],
    )
    def test_what_cannot_be_is_told_before_anything_is_asked(
        self, arguments: tuple[str, ...], why: str, stranger: Program
    ) -> None:
        """T16."""
        ended = stranger.run("login", *arguments)
        assert (ended.code, why in ended.err) == (2, True), ended.err


class TestSecrets:
    def sign_in(self, user: User, **changes: str) -> str:
        ended = user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n", **changes)
        assert ended.code == 0, ended.err
        return ended.err

    def test_a_file_that_others_can_read_is_taken_from_them_with_a_warning(self, user: User) -> None:
        """T16."""
        self.sign_in(user)
        user.secrets.chmod(0o644)
        ended = user.run("whoami", "--json")
        assert (ended.code, f"Others on this machine could read {user.secrets}." in ended.err) == (0, True)
        assert stat.S_IMODE(user.secrets.stat().st_mode) == 0o600
        assert user.run("whoami", "--json").err == ""

    @pytest.mark.parametrize(
        ("damaged", "where"), [("secrets/default.json", "secrets"), ("profiles.json", "profiles.json")]
    )
    def test_a_file_that_is_damaged_is_told(self, damaged: str, where: str, user: User) -> None:
        self.sign_in(user)
        (user.secrets.parents[1] / damaged).write_text('{"default": 7')
        ended = user.run("whoami")
        assert (ended.code in (3, 4), where in ended.err, "Traceback" in ended.err) == (True, True, False)

    def test_a_keyring_that_works_has_them(self, user: User, issuer: Issuer, tmp_path: Path) -> None:
        """And no file; renewed ones, too, until it is told to forget."""
        ring = {"PYTHON_KEYRING_BACKEND": "tests.cli.keyrings.Kept", "TEST_KEYRING": str(tmp_path / "ring.json")}
        issuer.expires_in = 1
        assert "keyring" not in self.sign_in(user, **ring)
        assert not user.secrets.exists()
        assert user.run("whoami", **ring).code == 0
        kept = json.loads(json.loads((tmp_path / "ring.json").read_text())["punctual/default"])
        assert {kept["refresh_token"]} == issuer.refresh_tokens
        assert user.run("logout", **ring).code == 0
        assert json.loads((tmp_path / "ring.json").read_text()) == {}

    @pytest.mark.parametrize(
        ("backend", "why"),
        [
            ("tests.cli.keyrings.Locked", "Failed to unlock"),
            ("tests.cli.keyrings.Broken", "DBus connection closed"),
            ("tests.cli.keyrings.Forgetful", "it does not give back what it is given"),
            ("tests.cli.keyrings.Small", "CredWrite"),
            ("keyring.backends.fail.Keyring", "No recommended backend"),
            ("keyring.backends.null.Keyring", "it does not give back what it is given"),
            ("no.such.Backend", "No module named 'no'"),
        ],
    )
    def test_one_that_does_not_work_is_passed_over_and_it_is_said(
        self, backend: str, why: str, user: User, issuer: Issuer, tmp_path: Path
    ) -> None:
        issuer.expires_in = 1
        ring = {"PYTHON_KEYRING_BACKEND": backend, "TEST_KEYRING": str(tmp_path / "ring.json")}
        said = " ".join(self.sign_in(user, **ring).split())
        assert f"The system's keyring cannot be used ({why}" in said and str(user.secrets) in said
        again = user.run("whoami", "--json", **ring)
        assert (again.code, again.err) == (0, "")  # once is enough, also when it is renewed

    def test_one_that_is_locked_later_is_told(self, user: User, tmp_path: Path) -> None:
        """The sign-in is in it, and nowhere else."""
        ring = {"PYTHON_KEYRING_BACKEND": "tests.cli.keyrings.Kept", "TEST_KEYRING": str(tmp_path / "ring.json")}
        self.sign_in(user, **ring)
        locked = {**ring, "PYTHON_KEYRING_BACKEND": "tests.cli.keyrings.Locked"}
        ended = user.run("whoami", **locked)
        assert (ended.code, "Failed to unlock" in ended.err) == (3, True)
        assert "punctual login --profile default" in ended.err
        assert user.run("logout", **locked).code == 0
        assert user.run("profiles", "--quiet").out == ""
