"""Arguments and options of the commands that send or change a request, declared once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from punctual.cli.composing import Written, curl_goes_last
from punctual.cli.errors import Misused
from punctual.cli.items import is_document, is_field
from punctual.cli.program import COMMON_FLAGS
from punctual.cli.zone_type import Zone

Declared = TypeVar("Declared", bound=Callable[..., Any])


def taken_apart(args: list[str]) -> tuple[list[str], Mapping[str, Any]]:
    """The words for click, and the curl command after `--` as `curl`.

    `--json` is two things: on every command the form of what is printed, and to curl's and httpie's users a word before
    a field or a document. Before `name=value`, `name:=json`, `{…}` or `@file` it is the latter, and called `--field`.
    """
    own, curl = args, []
    if "--" in args:
        at = args.index("--")
        if after := args[at + 1 :]:
            from punctual.cli.curl_words import curl_words

            curl = curl_words(after)
            own = args[:at] if curl else args
    elif any(word == "curl" and _stands_alone(args[:at]) for at, word in enumerate(args)):
        raise curl_goes_last()
    words: list[str] = []
    for index, word in enumerate(own):
        following = own[index + 1] if index + 1 < len(own) else ""
        if word.startswith("--json=") or (word == "--json" and (is_field(following) or is_document(following))):
            word = word.replace("--json", "--field", 1)
        words.append(word)
    return words, {"curl": tuple(curl)}


def _stands_alone(before: list[str]) -> bool:
    """Whether a word after these is no option's value."""
    return (
        not before or not before[-1].startswith("-") or before[-1] in ("--wait", "--dry-run", "--form", *COMMON_FLAGS)
    )


class _Field(click.Option):
    """`--field` in the help, by the name too that curl's and httpie's users know."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return record and (record[0].replace("--field", "--json, --field"), record[1])


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _methods(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """For the tab key: the first word may be a method."""
    return [] if ctx.params.get("words") else [name for name in METHODS if name.startswith(incomplete.upper())]


def _notices(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return [word for word in ("failed", "failed,succeeded", "succeeded", "none") if word.startswith(incomplete)]


REQUEST = (
    click.argument(
        "words",
        nargs=-1,
        metavar="[METHOD] URL [NAME=VALUE]...",
        help="The request, as httpie has it.",
        shell_complete=_methods,
    ),
    click.option("-X", "--method", "--request", "method", metavar="METHOD", help="The method; also a first word."),
    click.option("-H", "--header", "headers", multiple=True, metavar="LINE", help="A header, 'Name: value'; or @file."),
    click.option(
        "--secret-header",
        "secret_headers",
        multiple=True,
        metavar="NAME",
        help="A header that is never shown again; or a whole 'Name: value'. Authorization, cookies, keys and tokens "
        "are secret anyway.",
    ),
    click.option("-d", "--data", multiple=True, metavar="TEXT", help="The body: text, @file, or - for stdin."),
    click.option(
        "--field",
        "fields",
        cls=_Field,
        multiple=True,
        metavar="NAME=VALUE",
        help="A field of a JSON body, as httpie has them: name=text, name:=json, a[b][]=text, name=@file; or a whole "
        "JSON document, or @file. Without such a word --json is the form of what is printed.",
    ),
    click.option("--form", is_flag=True, help="Send fields as a form instead of JSON."),
)

WHEN = (
    click.option(
        "--at", metavar="PHRASE", help='When: "tomorrow 9:00", "next sunday 1am", 2026-12-24T18:00, any ISO form.'
    ),
    click.option("--in", "delay", metavar="DURATION", help="When, from now on: 5s, 90m, 1h30m, 2 days."),
    click.option("--timezone", type=Zone(), metavar="ZONE", help="The time zone that is meant, if not this machine's."),
)

JOB = (
    click.option("--timeout", metavar="TIME", help="For the whole exchange, 1 to 60 seconds (30)."),
    click.option(
        "--expect",
        multiple=True,
        metavar="WHAT",
        help="What success is: 2xx (if left out), status=200,404, body~TEXT, json={...}. All of several must hold.",
    ),
)

TRYING = (
    click.option(
        "--retry",
        metavar="HOW",
        help="How often it is tried: 5 (attempts in all), none, or attempts=5,min=10s,max=1h (waits between).",
    ),
    click.option(
        "--notify",
        multiple=True,
        metavar="WHEN",
        shell_complete=_notices,
        help="Who is told, and when: failed, succeeded, none, or an address of yours that is confirmed.",
    ),
    click.option("--name", metavar="TEXT", help="A name for the job, for you and for mails."),
)


def options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[Declared], Declared]:
    """Declare all options of these groups, in this order."""

    def declare(function: Declared) -> Declared:
        for one in reversed([option for group in groups for option in group]):
            function = one(function)
        return function

    return declare


def written(given: dict[str, Any]) -> Written:
    """Takes what REQUEST declares out of `given`."""
    fields = given.pop("fields")
    for word in fields:
        if not (is_field(word) or is_document(word)):
            raise Misused(f"--field: {word!r} is none.", hint="As in: name=value, name:=json, a JSON object, @file.")
    made = {name: given.pop(name) for name in Written.__dataclass_fields__}
    return Written(**{**made, "words": (*fields, *made["words"])})


def job_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a job that JOB and TRYING declare, as far as they were given, as the client takes them."""
    from punctual.cli.job_options import expect_of, notify_of, retry_of, seconds_of

    fields: dict[str, Any] = {}
    if given.get("timeout") is not None:
        fields["timeout_seconds"] = seconds_of(given["timeout"], "--timeout")
    if given.get("expect"):
        fields["expect"] = expect_of(given["expect"])
    if given.get("retry") is not None:
        fields["retry"] = retry_of(given["retry"])
    if given.get("notify"):
        fields["notify"] = notify_of(given["notify"])
    if given.get("name") is not None:
        fields["name"] = given["name"]
    return fields
