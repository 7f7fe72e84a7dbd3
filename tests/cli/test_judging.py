"""`punctual validate`, `punctual criteria` and `punctual test`: what is known before anything is scheduled."""

from __future__ import annotations

import json

import pytest

from lambdas.jobs.sending import Failure
from punctual.cli.commands import schedule, validate
from punctual.cli.comparing import leaves
from tests.cli.programs import Program, lines
from tests.client import gateway as gateways
from tests.fakes import FakeSender
from tests.handlers.recorded import Service

URL = "https://shop.example.com/state"


class TestValidate:
    def test_has_a_tick_for_each_criterion(self, cli: Program) -> None:
        ended = cli.run("validate", "POST", URL, "--at", "2099-01-01 9:00", "--retry", "3", "name=Ann")
        assert ended.code == 0, ended.err
        assert {line[:2] for line in lines(ended.out)} == {"✓ "}
        assert "It would be accepted" in ended.err

    def test_has_a_cross_with_the_reason_beside_its_option(self, cli: Program) -> None:
        with cli.before_terminal("validate", "FETCH", URL, "--in", "5m", rows=60) as terminal:
            assert terminal.finished() == 4
        after = terminal.text.partition("✗ The method is GET")[2].splitlines()
        assert after[1].startswith("    METHOD: ")
        assert "Error: It would be refused: 1 of 40 criteria are not met." in terminal.text
        assert b"\x1b[1;31m\xe2\x9c\x97" in terminal.raw

    def test_quiet_is_the_names_of_what_is_not_met(self, cli: Program) -> None:
        ended = cli.run("validate", "FETCH", URL, "--in", "5m", "--timeout", "99", "--quiet")
        assert (ended.code, ended.out.split()) == (4, ["method.known", "timeout_seconds.range"])

    def test_takes_what_schedule_takes(self) -> None:
        here = {param.name for param in validate.main.params}
        assert {param.name for param in schedule.main.params} - here == {"idempotency_key", "dry_run", "wait"}


class TestCriteria:
    def test_are_listed(self, cli: Program) -> None:
        ended = cli.run("criteria")
        assert ended.code == 0
        assert "url.public_address\tAn address in the URL is public." in lines(ended.out)

    def test_are_objects_for_programs(self, cli: Program) -> None:
        listed = [json.loads(line) for line in cli.run("criteria", "--json").out.splitlines()]
        (port,) = [one for one in listed if one["name"] == "url.port"]
        assert (port["field"], port["description"]) == ("url", "The port is one of those that may be called.")
        assert cli.run("criteria", "--quiet").out.split() == [one["name"] for one in listed]


class TestTest:
    def test_of_an_answer_as_expected_passes(self, cli: Program, service: Service) -> None:
        service.sender.answers[URL] = [FakeSender.answering(200, body=b'{"open": true, "more": 1}')]
        ended = cli.run("test", "POST", URL, "--expect", "200", "--expect", 'json={"open": true}', "name=Ann")
        assert ended.code == 0, ended.err
        assert lines(ended.out) == ["✓\tstatus\t200\t200", "✓\tjson.open\ttrue\ttrue"]
        assert "It answered 200 after" in ended.err
        (sent,) = service.sender.sent
        assert (sent.request.method, sent.request.body) == ("POST", b'{"name":"Ann"}')

    def test_shows_what_differs_beside_what_was_expected(self, cli: Program, service: Service) -> None:
        body = b'{"open": 1, "items": [1, 3], "name": "Ann"}'
        service.sender.answers[URL] = [FakeSender.answering(404, body=body)]
        wanted = 'json={"open": true, "items": [1, 2], "name": "Ann", "gone": null}'
        ended = cli.run("test", URL, "--expect", wanted, "--expect", "header:x-a=b", "--expect", "body~done")
        assert ended.code == 1
        assert lines(ended.out) == [
            "✗\tstatus\t2xx\t404",
            "✗\theaders.x-a\tb\t(nothing)",
            f"✗\tbody_contains\tdone\t{body.decode()}",
            "✗\tjson.open\ttrue\t1",
            "✓\tjson.items[0]\t1\t1",
            "✗\tjson.items[1]\t2\t3",
            '✓\tjson.name\t"Ann"\t"Ann"',
            "✗\tjson.gone\tnull\t(missing)",
        ]
        assert f"The answer began with:\n  {body.decode()}" in ended.err
        assert "Error: It did not pass: 4 of 4 expectations are not met." in ended.err

    def test_colours_what_differs(self, cli: Program, service: Service) -> None:
        service.sender.answers[URL] = [FakeSender.answering(200, body=b'{"open": "\\u001b[2J no"}')]
        with cli.before_terminal("test", URL, "--expect", 'json={"open": "yes"}') as terminal:
            assert terminal.finished() == 1
        (line,) = [line for line in terminal.text.splitlines() if line.startswith("✗")]
        assert line.split()[:3] == ["✗", "json.open", '"yes"']
        assert b'\x1b[32m"yes"' in terminal.raw
        assert b'\x1b[31m"\\u001b[2J no"' in terminal.raw

    def test_without_an_answer_says_why(self, cli: Program, service: Service) -> None:
        service.sender.answers[URL] = [Failure("timeout", "It took too long.", None, 0)]
        ended = cli.run("test", URL)
        assert ended.code == 1
        assert "There was no answer: " in ended.err and "(timeout)" in ended.err
        assert lines(ended.out) == ["✗\tstatus\t2xx\t(nothing)"]

    def test_is_the_api_s_own_answer_in_json(self, cli: Program, service: Service) -> None:
        service.sender.answers[URL] = [FakeSender.answering(500)]
        ended = cli.run("test", URL, "--json")
        assert ended.code == 1
        assert json.loads(ended.out)["response"]["status_code"] == 500

    def test_of_a_curl_command_says_what_makes_no_difference(self, cli: Program) -> None:
        ended = cli.run("test", "--", "curl", "-sL", "--retry", "3", URL)
        assert ended.code == 0
        assert "curl's -L: ignored" in ended.err
        assert "A test is sent once" in ended.err

    def test_faults_are_told_beside_the_option(self, cli: Program, gateway: gateways.Gateway) -> None:
        ended = cli.run("test", URL, "--timeout", "30")
        assert ended.code == 4
        assert "Error: --timeout: " in ended.err


@pytest.mark.parametrize(
    ("expected", "actual", "paths"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["json.a.b"]),
        ({"a": {"b": 1}}, {"a": 5}, ["json.a"]),
        ([1, 2], [1], ["json"]),
        ([{"a": 1}], [{"a": 2}], ["json[0].a"]),
        ({}, {}, ["json"]),
        ({"a": 1}, None, ["json"]),
    ],
)
def test_json_is_compared_as_deep_as_it_has_one_form(expected: object, actual: object, paths: list[str]) -> None:
    assert [path for path, _, _ in leaves(expected, actual, "json")] == paths
