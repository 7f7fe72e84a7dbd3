"""`punctual login`, by the real program and an issuer that speaks real HTTP."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import stat
import subprocess
import sys
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.cli import browser
from tests.cli.issuers import PASSWORD, USER, Issuer
from tests.cli.programs import Terminal
from tests.cli.users import KEY, User
from tests.client import gateway as gateways


@pytest.mark.usefixtures("callback_port")
class TestInTheBrowser:
    def test_the_address_alone_is_enough(self, user: User, issuer: Issuer) -> None:
        """T16: the service says where; the browser comes back with a code that nobody else could use."""
        ended = user.login()

        assert (ended.code, ended.out) == (0, "")
        assert f"Signed in to {user.api_url} as {gateways.OWNER}." in ended.err
        assert "You may close this page" in user.saw.read_text()
        assert issuer.asked[-1] == "authorization_code"
        shown = json.loads(user.run("whoami", "--json").out)
        assert (shown["profile"], shown["signed_in_by"], shown["api_url"]) == ("default", "browser", user.api_url)

    def test_what_is_kept_is_for_its_owner_only(self, user: User) -> None:
        """T16: 0600 in 0700, and the secrets are in no other file and in no output."""
        ended = user.login()

        secrets = json.loads(user.secrets.read_text())
        assert stat.S_IMODE(user.secrets.stat().st_mode) == 0o600
        assert stat.S_IMODE(user.secrets.parent.stat().st_mode) == 0o700
        told = ended.err + (user.secrets.parents[1] / "profiles.json").read_text()
        assert secrets["refresh_token"] not in told and secrets["access_token"] not in told
        assert f"{user.secrets}, which only you may read" in " ".join(ended.err.split())
        assert sorted(path.name for path in user.secrets.parent.iterdir()) == ["default.json"]

    def test_somebody_elses_code_is_not_taken(self, user: User) -> None:
        """T16: it came without the state of this sign-in. The right one may still come."""
        ended = user.login(BROWSER_STRAYS="1")

        stray, other, page = user.saw.read_text().split("\n<!doctype html>")[0], "404", user.saw.read_text()
        assert "400" in stray and "Not this sign-in" in stray and other in page
        assert ended.code == 0

    def test_a_no_in_the_browser_is_told(self, user: User, issuer: Issuer) -> None:
        """In the issuer's words, which steer no terminal."""
        issuer.refuses_to_show_the_page = "access_denied"
        ended = user.login()

        assert ended.code == 3
        assert r"Ann said \x1b[31mno." in ended.err and "\x1b" not in ended.err
        assert not user.is_signed_in

    def test_a_code_that_the_issuer_does_not_know_is_no_sign_in(self, user: User, issuer: Issuer) -> None:
        """Whoever has caught the code has not the verifier."""
        issuer.codes = _Forgetful()
        ended = user.login()

        assert (ended.code, "The code is not good." in ended.err) == (3, True)
        assert not user.secrets.exists()

    def test_a_taken_port_is_told(self, user: User) -> None:
        """With what to do about it; nothing was opened."""
        with socket.create_server(("127.0.0.1", 8976)):
            ended = user.login()

        assert ended.code == 3
        assert "Port 8976 of this machine is taken" in ended.err and "--no-browser" in ended.err
        assert not user.saw.exists()

    @pytest.mark.parametrize("options", [(), ("--no-browser",)])
    def test_who_has_enough_of_waiting_may_leave(self, options: tuple[str, ...], user: User) -> None:
        """Ctrl-C ends it without a word, and the port is free again."""
        with user.program.before_terminal("login", user.api_url, *options, BROWSER="true %s") as terminal:
            terminal.wait_for("/authorize?")
            terminal.type("\x03")
            assert terminal.finished() == 130
            assert "Traceback" not in terminal.all_text
        socket.create_server(("127.0.0.1", 8976)).close()

    @pytest.mark.parametrize("port_taken", [False, True])
    def test_the_address_of_another_machines_browser_can_be_pasted(
        self, port_taken: bool, user: User, issuer: Issuer
    ) -> None:
        """Whatever else was pasted before. The page is shown as an address, and nothing is opened."""
        with contextlib.ExitStack() as stack:
            if port_taken:
                stack.enter_context(socket.create_server(("127.0.0.1", 8976)))
            terminal = stack.enter_context(
                user.program.before_terminal("login", user.api_url, "--no-browser", columns=400)
            )
            terminal.wait_for("ends here:")
            terminal.type(f"{browser.STRAY}\r")
            terminal.wait_for("This address is not of this sign-in.")
            terminal.type(f"{issuer.authorize(dict(parse_qsl(urlsplit(_page(terminal)).query)))}\r")
            assert terminal.finished() == 0
            assert "Signed in to" in terminal.text
        assert user.is_signed_in

    def test_nobody_but_this_machine_is_listened_to(self, user: User) -> None:
        """T16: and without a paste the browser may still be one of this machine."""
        with user.program.before_terminal("login", user.api_url, "--no-browser", columns=400) as terminal:
            terminal.wait_for("ends here:")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", 8976), timeout=10)
            subprocess.run(
                [sys.executable, browser.__file__, _page(terminal)],
                env={"BROWSER_SAW": str(user.saw)},
                check=True,
                timeout=60,
            )
            assert terminal.finished() == 0
        assert user.is_signed_in


class _Forgetful(dict[str, str]):
    """Keeps nothing."""

    def __setitem__(self, key: str, value: str) -> None:
        pass


def _page(terminal: Terminal) -> str:
    """The address of the sign-in page, as the screen shows it."""
    (page,) = re.findall(r"http\S+/authorize\S+", terminal.text)
    return str(page)


class TestByPassword:
    def test_it_is_the_first_line_of_stdin(self, user: User, issuer: Issuer) -> None:
        ended = user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")

        assert ended.code == 0, ended.err
        assert issuer.asked[-1] == "USER_PASSWORD_AUTH"
        assert json.loads(user.run("whoami", "--json").out)["signed_in_by"] == "password"

    def test_it_is_not_shown_while_it_is_typed(self, user: User, issuer: Issuer) -> None:
        """And the terminal says which host it goes to."""
        with user.program.before_terminal("login", user.api_url, "--password") as terminal:
            terminal.wait_for("E-mail address")
            terminal.type(f"{USER}\r")
            terminal.wait_for(f"Password at {issuer.url.removeprefix('http://')}")
            terminal.type(f"{PASSWORD}\r")
            assert terminal.finished() == 0
            assert PASSWORD not in terminal.all_text and "Signed in" in terminal.text

    def test_a_wrong_one_is_told_in_the_issuers_words(self, user: User) -> None:
        ended = user.login("--password", "--user", USER, stdin="wrong\n")
        assert (ended.code, ended.err) == (3, "Error: Incorrect username or password.\n")

    @pytest.mark.parametrize(
        ("challenge", "answer"), [("NEW_PASSWORD_REQUIRED", "another horse 2B"), ("SOFTWARE_TOKEN_MFA", "123456")]
    )
    def test_what_is_asked_for_besides_is_the_next_line(
        self, challenge: str, answer: str, user: User, issuer: Issuer
    ) -> None:
        """Invited users choose a password, and those with an app have a code."""
        issuer.challenge = challenge
        missing = user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        assert (missing.code, "there is no such line on stdin" in missing.err) == (4, True)
        wrong = user.login("--password", "--user", USER, stdin=f"{PASSWORD}\nwrong\n")
        assert (wrong.code, wrong.err) == (3, "Error: Invalid code or auth state for the user.\n")

        assert user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n{answer}\n").code == 0
        assert user.is_signed_in

    def test_a_new_password_is_asked_for_twice(self, user: User, issuer: Issuer) -> None:
        issuer.challenge = "NEW_PASSWORD_REQUIRED"
        with user.program.before_terminal("login", user.api_url, "--password", "--user", USER) as terminal:
            terminal.wait_for("Password at")
            terminal.type(f"{PASSWORD}\r")
            terminal.wait_for("New password")
            terminal.type("another horse 2B\r")
            terminal.wait_for("Repeat for confirmation")
            terminal.type("another horse 2B\r")
            assert terminal.finished() == 0
            assert "horse" not in terminal.all_text

    def test_what_only_a_browser_can_answer_is_told(self, user: User, issuer: Issuer) -> None:
        issuer.challenge = "CUSTOM_CHALLENGE"
        ended = user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        assert ended.code == 3
        assert "The issuer asks for CUSTOM_CHALLENGE, which only the browser can answer." in ended.err

    def test_an_issuer_that_takes_none_is_not_given_any(self, user: User, issuer: Issuer) -> None:
        """It is told before anybody is asked for it."""
        issuer.is_cognito = False
        ended = user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        assert (ended.code, "takes passwords in the browser only" in ended.err) == (3, True)
        assert issuer.asked == ["/.well-known/openid-configuration"]


class TestByKey:
    def test_it_comes_from_stdin_and_needs_no_issuer(
        self, user: User, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gateways, "TOKEN", KEY)
        ended = user.login("--key-stdin", "--quiet", stdin=f"{KEY}\n")

        assert (ended.code, ended.out, issuer.asked) == (0, "default\n", [])
        assert KEY not in ended.err and json.loads(user.secrets.read_text()) == {"key": KEY}
        assert user.is_signed_in

    def test_one_that_does_not_count_is_not_kept(self, user: User) -> None:
        ended = user.login("--key-stdin", stdin=KEY)
        assert (ended.code, "nothing was kept" in ended.err) == (3, True)
        assert not user.secrets.exists()

    def test_what_is_no_key_is_not_even_sent(self, user: User, gateway: gateways.Gateway) -> None:
        ended = user.login("--key-stdin", stdin="a password, by mistake\n")
        assert (ended.code, "This is no API key" in ended.err) == (4, True)
        assert gateway.seen == [] and "by mistake" not in ended.err
