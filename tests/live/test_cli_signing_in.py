"""Signing in on the deployed stack by the real program: what it says of itself, its pool's page and passwords, keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.user import PASSWORD
from tests.cli.programs import Program, program
from tests.cli.users import BROWSER, turn_at_the_callback
from tests.live.deployed_stack import DeployedStack

pytestmark = pytest.mark.live

OWN_PASSWORD = "A-password-of-my-own-7"


@pytest.fixture
def cli(tmp_path: Path) -> Program:
    """The program of somebody who is not signed in."""
    return program(tmp_path, None, None)


@pytest.fixture
def callback_port() -> Iterator[None]:
    with turn_at_the_callback():
        yield


def secrets_of(cli: Program) -> Path:
    return cli.folder / "config" / "punctual" / "secrets" / "default.json"


def expire(cli: Program) -> None:
    """As if an hour had passed."""
    secrets = json.loads(secrets_of(cli).read_text())
    secrets_of(cli).write_text(json.dumps({**secrets, "expires_at": 0}))


@pytest.mark.usefixtures("callback_port")
def test_the_hosted_page_signs_in_renews_and_takes_back(stack: DeployedStack, cli: Program) -> None:
    """With PKCE, from the API's address alone; the token is the one that the authorizer takes."""
    user = stack.sign_in("browser@example.com")
    seen = cli.folder / "seen.html"
    variables = {"BROWSER_USER": "browser@example.com", "BROWSER_PASSWORD": PASSWORD, "BROWSER_SAW": str(seen)}

    ended = cli.run("login", stack.api_url, BROWSER=BROWSER, **variables)
    assert ended.code == 0, ended.err + (seen.read_text() if seen.exists() else "")
    assert "You may close this page" in seen.read_text()
    assert json.loads(cli.run("whoami", "--json").out)["owner"] == user.owner

    first = json.loads(secrets_of(cli).read_text())["access_token"]
    expire(cli)
    assert cli.run("whoami", "--quiet").out == user.owner + "\n"
    assert json.loads(secrets_of(cli).read_text())["access_token"] != first

    shutil.copytree(cli.folder / "config", cli.folder / "stolen")
    assert json.loads(cli.run("logout", "--json").out)["revoked"] is True
    assert cli.run("whoami").code == 3
    stolen = Program({**cli.environment, "XDG_CONFIG_HOME": str(cli.folder / "stolen")}, cli.folder)
    stolen_secrets = cli.folder / "stolen" / "punctual" / "secrets" / "default.json"
    stolen_secrets.write_text(json.dumps({**json.loads(stolen_secrets.read_text()), "expires_at": 0}))
    refused = stolen.run("whoami")
    assert (refused.code, "Your sign-in has ended" in refused.err) == (3, True), refused.err


def test_an_invited_user_chooses_a_password_and_may_add_an_app(stack: DeployedStack, cli: Program) -> None:
    """Before a terminal the first time, by stdin later; wrong ones are told; the secret's code is asked for."""
    name, pool, cognito = "invited@example.com", stack.outputs["UserPoolId"], stack.client("cognito-idp")
    cognito.admin_create_user(
        UserPoolId=pool, Username=name, TemporaryPassword="For-once-only-1", MessageAction="SUPPRESS"
    )
    with cli.before_terminal("login", stack.api_url, "--password", "--user", name) as terminal:
        terminal.wait_for("Password at 127.0.0.1")
        terminal.type("For-once-only-1\r")
        terminal.wait_for("New password")
        terminal.type(f"{OWN_PASSWORD}\r")
        terminal.wait_for("Repeat for confirmation")
        terminal.type(f"{OWN_PASSWORD}\r")
        assert terminal.finished() == 0, terminal.text
        assert "Signed in to" in terminal.text and OWN_PASSWORD not in terminal.all_text
    owner = cli.run("whoami", "--quiet").out
    expire(cli)
    assert cli.run("whoami", "--quiet").out == owner

    token = json.loads(secrets_of(cli).read_text())["access_token"]
    secret = cognito.associate_software_token(AccessToken=token)["SecretCode"]
    cognito.verify_software_token(AccessToken=token, UserCode=code_now(secret))
    cognito.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    assert cli.run("logout").code == 0
    login = ("login", stack.api_url, "--password", "--user", name)
    wrong = cli.run(*login, stdin="wrong\n")
    assert (wrong.code, "Incorrect username or password" in wrong.err) == (3, True), wrong.err
    without = cli.run(*login, stdin=f"{OWN_PASSWORD}\n")
    assert (without.code, "asks for a code" in without.err) == (4, True), without.err
    ended = cli.run(*login, stdin=f"{OWN_PASSWORD}\n{code_now(secret)}\n")
    assert ended.code == 0, ended.err
    assert cli.run("whoami", "--quiet").out == owner
    assert cognito.admin_get_user(UserPoolId=pool, Username=name)["UserStatus"] == "CONFIRMED"


def code_now(secret: str) -> str:
    """What an authenticator app shows (RFC 6238): six digits of the half minute."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_key_signs_a_program_in(stack: DeployedStack, cli: Program) -> None:
    """With the scopes that it has and until its end, and no longer."""
    user = stack.sign_in("programs@example.com")
    made = stack.call(
        "POST",
        "/v1/keys",
        {"name": "ci", "scopes": ["jobs:read", "keys:read"], "expires_at": "2099-01-01T00:00:00Z"},
        token=user.token,
    ).body
    assert cli.run("login", stack.api_url, "--key-stdin", stdin=made["key"] + "\n").code == 0
    shown = json.loads(cli.run("whoami", "--json").out)
    assert (shown["owner"], shown["signed_in_by"], shown["signed_in_until"]) == (
        user.owner,
        "key",
        "2099-01-01T00:00:00Z",
    )
    assert shown["scopes"] == ["jobs:read", "keys:read"]
    bad = cli.run("login", stack.api_url, "--profile", "bad", "--key-stdin", stdin=made["key"][:-1] + "x")
    assert (bad.code, "nothing was kept" in bad.err) == (3, True)


def test_what_make_run_says_to_paste_works_as_it_stands(stack: DeployedStack, cli: Program) -> None:
    """The first job is called, the second one fails and it is said why, and both are listed."""
    page = (stack.state.parent / "run.log").read_text().replace("localhost", "127.0.0.1")  # what live tests may call
    commands = re.findall(r"^PUNCTUAL_STATE=.*bin/punctual \w.*$", page, re.MULTILINE)
    environment = {"PATH": cli.environment["PATH"], "HOME": str(cli.folder)}
    called, failed, listed = (
        subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, timeout=60, check=False)
        for command in commands
    )
    assert called.returncode == 0, called.stderr
    assert failed.returncode == 1 and "503" in failed.stdout + failed.stderr, failed.stderr
    assert listed.returncode == 0 and "/status/503" in listed.stdout and "/ok" in listed.stdout, listed.stderr


def test_beside_the_running_stack_nothing_has_to_be_done(stack: DeployedStack, cli: Program) -> None:
    """Its folder is found by what it is started with."""
    with cli.before_terminal("whoami", PUNCTUAL_STATE=str(stack.state), columns=160) as terminal:
        assert terminal.finished() == 0
        assert f"owner                   {stack.description['owner']}" in terminal.text
        assert "by `make run`, from " in terminal.text
