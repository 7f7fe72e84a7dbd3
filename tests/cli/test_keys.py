"""`punctual keys` and `punctual targets`."""

from __future__ import annotations

import json

import pytest

from tests.cli.programs import Program, lines
from tests.cli.users import KEY
from tests.client import gateway as gateways


class TestKeys:
    def test_a_new_key_is_data_and_the_rest_is_talk(self, cli: Program) -> None:
        ended = cli.run("keys", "create", "ci", "--scope", "jobs:read", "--scope", "jobs:write")
        assert ended.code == 0
        assert lines(ended.out)[0].startswith("punctual_live_")
        assert "not shown again" in ended.err

    def test_it_is_listed_without_its_secret(self, cli: Program) -> None:
        made = json.loads(cli.run("keys", "create", "ci", "--scope", "jobs:read", "--json").out)
        listed = cli.run("keys").out
        assert listed.startswith(f"{made['id']}\tci\tjobs:read\tnever\tnever")
        assert made["key"] not in listed
        assert cli.run("keys", "--quiet").out == made["id"] + "\n"
        assert json.loads(cli.run("keys", "list", "--json").out)["name"] == "ci"

    def test_its_end_is_named_as_people_name_times(self, cli: Program) -> None:
        arguments = ("keys", "create", "ci", "--scope", "jobs:read", "--expires", "2090-01-01 12:00", "--json")
        made = json.loads(cli.run(*arguments).out)
        assert made["expires_at"] == "2090-01-01T11:00:00.000Z"

    def test_its_end_may_be_a_day_and_is_told_in_full(self, cli: Program) -> None:
        ended = cli.run("keys", "create", "ci", "--scope", "jobs:read", "--expires", "2090-02-01", "--json")
        assert json.loads(ended.out)["expires_at"] == "2090-02-01T23:00:00.000Z"
        ended = cli.run("keys", "create", "ci", "--scope", "jobs:read", "--expires", "2090-02-01")
        assert "It is refused after Thursday 2 February 2090, 00:00 Europe/Berlin, in 6" in " ".join(ended.err.split())

    def test_an_end_that_is_over_is_refused(self, cli: Program) -> None:
        ended = cli.run("keys", "create", "ci", "--scope", "jobs:read", "--expires", "2020-02-01 9:00")
        assert (ended.code, ended.out) == (4, "")
        assert "is past" in ended.err

    def test_a_revoked_key_is_gone_and_one_that_is_not_there_is_not_found(self, cli: Program) -> None:
        made = json.loads(cli.run("keys", "create", "ci", "--scope", "jobs:read", "--json").out)
        assert cli.run("keys", "revoke", made["id"]).code == 0
        assert cli.run("keys", "list", "--quiet").out == ""
        assert cli.run("keys", "revoke", "0123456789abcdef").code == 5

    def test_a_scope_that_does_not_exist_is_answered_with_those_that_do(self, cli: Program) -> None:
        ended = cli.run("keys", "create", "ci", "--scope", "jobs")
        assert ended.code == 2
        assert "'jobs:read'" in ended.err

    def test_columns_have_headings_before_a_terminal(self, cli: Program) -> None:
        cli.run("keys", "create", "ci", "--scope", "jobs:read")
        with cli.before_terminal("keys") as terminal:
            assert terminal.finished() == 0
        heading, row = lines(terminal.text)
        assert heading.split() == ["ID", "NAME", "SCOPES", "LAST", "USED", "EXPIRES"]
        assert row.split()[1:3] == ["ci", "jobs:read"]

    @pytest.mark.parametrize(
        ("given", "hint"),
        [("", "see `punctual keys`"), ("../jobs", "see `punctual keys`"), (KEY, "mean 5f0c2a91d7e84b36?")],
    )
    def test_what_is_no_keys_id_is_not_sent_and_not_shown(
        self, cli: Program, gateway: gateways.Gateway, given: str, hint: str
    ) -> None:
        """People paste the key itself."""
        ended = cli.run("keys", "revoke", "5f0c2a91d7e84b36", given)
        assert (ended.code, lines(ended.err)[0]) == (2, "Error: That is not a key's id.")
        assert hint in ended.err and "kkkk" not in ended.err
        assert gateway.seen == []


class TestTargets:
    def test_no_trouble_is_said(self, cli: Program) -> None:
        ended = cli.run("targets")
        assert (ended.code, ended.out, ended.err) == (0, "", "No host is in trouble.\n")

    def test_a_paused_host_is_shown_and_can_be_allowed(self, cli: Program, gateway: gateways.Gateway) -> None:
        paused = {"host": "shop.example.com:443", "state": "paused", "reason": "time_out \x1b[2J", "until": None}
        gateway.troubles.append(gateways.Canned(200, json.dumps({"targets": [paused]}).encode()))
        assert cli.run("targets").out == "shop.example.com:443\tpaused\t\ttime_out \\x1b[2J\n"
        gateway.troubles.append(gateways.Canned(200, json.dumps({**paused, "state": "allowed"}).encode()))
        ended = cli.run("targets", "allow", "shop.example.com:443")
        assert ended.out == "shop.example.com:443 may be called again.\n"
        method, path, _ = gateway.seen[-1]
        assert (method, path) == ("PATCH", "/v1/targets/shop.example.com%3A443")

    @pytest.mark.parametrize(
        ("given", "hint"),
        [
            ("https://shop.example.com/x", "Did you mean shop.example.com?"),
            ("", "`punctual targets` shows"),
            ("a/b", "`punctual targets` shows"),
        ],
    )
    def test_what_is_no_host_is_told(self, cli: Program, gateway: gateways.Gateway, given: str, hint: str) -> None:
        ended = cli.run("targets", "allow", given)
        assert (ended.code, lines(ended.err)[0]) == (2, f"Error: `{given}` is no host.")
        assert hint in ended.err and gateway.seen == []

    def test_a_host_that_is_well_is_not_found(self, cli: Program) -> None:
        assert cli.run("targets", "allow", "shop.example.com").code == 5

    def test_a_command_that_does_not_exist_is_answered_with_those_that_are_near(self, cli: Program) -> None:
        ended = cli.run("targets", "alow", "x")
        assert ended.code == 2
        assert "Did you mean `punctual targets allow`?" in ended.err
