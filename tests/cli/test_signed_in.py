"""What becomes of a sign-in: it is renewed, and taken back."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from punctual.cli.files import locked
from tests.cli.issuers import PASSWORD, USER, Issuer
from tests.cli.programs import PROGRAM, Finished
from tests.cli.users import KEY, User
from tests.client import gateway as gateways


def waits_for_a_lock(pid: int) -> bool:
    """As Linux tells it (proc_locks, 5)."""
    lines = Path("/proc/locks").read_text().splitlines()
    return any(line.split()[1] == "->" and str(pid) in line.split() for line in lines)


class TestRenewing:
    @pytest.mark.parametrize(("by", "way"), [("password", "REFRESH_TOKEN_AUTH"), ("browser", "refresh_token")])
    @pytest.mark.usefixtures("callback_port")
    def test_a_token_that_is_about_to_end_is_renewed(self, by: str, way: str, user: User, issuer: Issuer) -> None:
        """By the way that it was got; the refresh token that comes along replaces the old one."""
        issuer.expires_in = 119
        assert (user.login() if by == "browser" else self._sign_in(user)).code == 0
        first = json.loads(user.secrets.read_text())["refresh_token"]

        assert user.is_signed_in
        assert issuer.asked[-1] == way
        assert {json.loads(user.secrets.read_text())["refresh_token"]} == issuer.refresh_tokens != {first}

    def test_one_process_renews_for_all(self, user: User, issuer: Issuer) -> None:
        """The issuer takes a refresh token once: a second use would end the sign-in."""
        issuer.expires_in = 1
        self._sign_in(user)
        issuer.expires_in = 3600
        command = [*PROGRAM, "whoami", "--quiet"]
        environment = user.program.environment
        running = [
            subprocess.Popen(command, env=environment, cwd=user.program.folder, stdout=subprocess.PIPE)
            for _ in range(4)
        ]
        assert [process.communicate(timeout=60)[0].decode() for process in running] == [gateways.OWNER + "\n"] * 4
        assert issuer.asked.count("REFRESH_TOKEN_AUTH") == 1

    @pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who waits")
    def test_who_waits_for_another_uses_what_that_one_got(self, user: User, issuer: Issuer) -> None:
        """It looks again when it is its turn."""
        issuer.expires_in = 1
        self._sign_in(user)
        fresh = {**json.loads(user.secrets.read_text()), "expires_at": time.time() + 3600}
        command = [*PROGRAM, "whoami", "--quiet"]
        with locked(user.secrets.with_name("default.lock")):
            process = subprocess.Popen(
                command, env=user.program.environment, cwd=user.program.folder, stdout=subprocess.PIPE
            )
            while not waits_for_a_lock(process.pid):
                assert process.poll() is None, "it did not wait"
                time.sleep(0.01)
            user.secrets.write_text(json.dumps(fresh))
        assert process.communicate(timeout=60)[0].decode() == gateways.OWNER + "\n"
        assert issuer.asked[-1] == "USER_PASSWORD_AUTH"

    def test_a_sign_in_that_has_ended_says_how_to_begin_another(self, user: User, issuer: Issuer) -> None:
        issuer.expires_in = 1
        self._sign_in(user)
        issuer.refresh_tokens.clear()

        ended = user.run("whoami")
        assert ended.code == 3
        assert "Your sign-in has ended: This refresh token was used, or taken back." in ended.err
        assert "punctual login --profile default" in ended.err

    def test_an_issuer_that_is_away_ends_no_sign_in(self, user: User, issuer: Issuer) -> None:
        """It is unreachable for now, and nothing is forgotten."""
        issuer.expires_in = 1
        self._sign_in(user)
        issuer.down = True
        assert user.run("whoami").code == 7
        issuer.down = False
        assert user.is_signed_in

    def _sign_in(self, user: User) -> Finished:
        return user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")


class TestLoggingOut:
    def test_the_issuer_takes_the_sign_in_back(self, user: User, issuer: Issuer) -> None:
        """And this machine forgets it."""
        user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        assert len(issuer.refresh_tokens) == 1

        ended = user.run("logout")
        assert (ended.code, ended.err) == (0, f"Signed out of {user.api_url}.\n")
        assert issuer.asked[-1] == "/revoke" and not issuer.refresh_tokens
        assert not user.secrets.exists() and user.run("whoami").code == 3
        assert user.run("logout").code == 3

    def test_an_issuer_that_is_away_keeps_nobody_signed_in_here(self, user: User, issuer: Issuer) -> None:
        """But it is said that the sign-in itself goes on."""
        user.login("--password", "--user", USER, stdin=f"{PASSWORD}\n")
        issuer.down = True

        ended = user.run("logout", "--json")
        assert json.loads(ended.out)["revoked"] is False
        assert "could not be taken back, only forgotten" in ended.err
        assert not user.secrets.exists()

    def test_a_key_is_forgotten_and_still_counts(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gateways, "TOKEN", KEY)
        user.login("--key-stdin", stdin=KEY)

        ended = user.run("logout")
        assert (ended.code, "still counts" in ended.err) == (0, True)
        assert not user.secrets.exists()
