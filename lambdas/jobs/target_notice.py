"""What a person is told when a target is paused, is well again, or is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.jobs.instant import readable
from lambdas.jobs.notice import one_line
from lambdas.jobs.ports import Alert

if TYPE_CHECKING:
    from lambdas.jobs.target import Target

_LONGEST_HOST = 260

_SEEN = {
    "name_not_found": "its name cannot be resolved",
    "connect_failed": "it refuses connections",
    "connect_timeout": "it does not take connections",
    "tls_failed": "no TLS connection can be made",
    "certificate_invalid": "its certificate is not valid",
    "timeout": "it does not answer in time",
    "connection_lost": "it breaks connections off",
    "bad_response": "what it answers is not HTTP",
    "status_retryable": "it answers with errors such as 503",
    "status_permanent": "it refuses every request, with answers such as 404 or 410",
}


def target_notice(target: Target) -> Alert:
    """The alert for the change of a target that is untold: what was seen, what follows for jobs, what to do."""
    assert target.untold is not None
    host = one_line(target.host, _LONGEST_HOST)
    what, since_ms = target.untold.what, target.untold.since_ms
    subject, lines = {"paused": _paused, "closed": _closed, "denied": _denied}[what](target, host, since_ms)
    facts = [f"Target      {host}", f"Owner       {one_line(target.owner, 200)}"]
    text = "\n".join([lines[0], "", *facts, *lines[1:]]) + "\n"
    return Alert(subject=f"Punctual: {subject}", text=text, owner=target.owner)


def _paused(target: Target, host: str, _: int) -> tuple[str, list[str]]:
    return f"{host} is paused", [
        f"Jobs for {host} are put off: {_seen(target)}.",
        f"Since       {readable(target.since_ms)}, after {target.failures} failures in a row",
        f"Until       {readable(target.until_ms or 0)} at least; then one job tries it",
        "",
        "What follows:",
        "  Jobs that come due wait and keep their attempts. When the target answers again they are sent, within",
        "  a minute or two of the answer at first and within about a quarter of an hour after a long pause.",
        "  You will be told then.",
        "",
        "What to do:",
        "  Look at the target. Once it is well you can send jobs to it at once:",
        f'  PATCH /v1/targets/{host} with {{"state": "allowed"}}',
    ]


def _closed(target: Target, host: str, since_ms: int) -> tuple[str, list[str]]:
    return f"{host} answers again", [
        f"{host} answers again, so jobs that waited for it are sent.",
        f"Was paused  {readable(target.since_ms)}, because {_seen(target)}",
        f"Well since  {readable(since_ms)}",
        "",
        "What to do:",
        "  Nothing. The jobs that waited come one by one, each with the attempts that it had.",
    ]


def _denied(target: Target, host: str, _: int) -> tuple[str, list[str]]:
    return f"{host} is denied", [
        f"Nothing more is sent to {host}: {_seen(target)}.",
        f"Since       {readable(target.since_ms)}, after {target.refusals} refusals in a row",
        "",
        "What follows:",
        "  Jobs for this target fail at once, with the code target_denied, until you lift it.",
        "",
        "What to do:",
        "  Correct or cancel the jobs that call it. If it is to be called again:",
        f'  PATCH /v1/targets/{host} with {{"state": "allowed"}}',
    ]


def _seen(target: Target) -> str:
    return _SEEN.get(target.reason or "", "it fails")
