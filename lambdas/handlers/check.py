"""Documents to be judged and requests to be tried out → what came of it. Nothing is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdas import wiring
from lambdas.handlers.desk import check_document_type, confirmed_by, owner_of
from lambdas.handlers.front import Routes, respond
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.handlers.limiting import Gate
from lambdas.handlers.manners import client_request_id
from lambdas.jobs.document import read_document
from lambdas.jobs.place import place_of
from lambdas.jobs.sending import Failure
from lambdas.jobs.trying import shown_trial, trial, try_out
from lambdas.jobs.validating import shown_validation, validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdas.jobs.destination import Rules
    from lambdas.jobs.horizon import Horizon
    from lambdas.jobs.limiting import Limiter
    from lambdas.jobs.ports import Addresses, Clock, Journal, Names, OwnerStore, Sender, SigningSecrets


class Bench(NamedTuple):
    """All that checking needs. `new_id` makes hexadecimal digits that nothing else has;
    `owners` and `addresses` make what few requests need; `api_url` is where users reach the service."""

    journal: Journal
    clock: Clock
    horizon: Horizon
    rules: Rules
    names: Names
    sender: Sender
    secrets: SigningSecrets
    owners: Callable[[], OwnerStore]
    addresses: Callable[[], Addresses]
    limiter: Limiter
    api_url: str
    new_id: Callable[[], str]


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request."""
    bench, journal = wiring.check_parts()
    answer = respond(event, bench, ROUTES, Gate(bench.limiter, bench.clock))
    journal.flush()
    return answer


def validate_document(request: HttpRequest, bench: Bench) -> HttpAnswer:
    owner = owner_of(request)
    check_document_type(request)
    validation = validate(
        read_document(request.body),
        owner=owner,
        job_id=f"job_{bench.new_id()}",
        now_ms=bench.clock.now_ms(),
        horizon=bench.horizon,
        rules=bench.rules,
        names=bench.names,
        confirmed=confirmed_by(owner, bench, note=False),
    )
    return HttpAnswer(200, shown_validation(validation))


def try_request(request: HttpRequest, bench: Bench) -> HttpAnswer:
    owner = owner_of(request)
    check_document_type(request)
    asked = trial(
        read_document(request.body),
        owner=owner,
        trial_id=f"test_{bench.new_id()}",
        now_ms=bench.clock.now_ms(),
        rules=bench.rules,
    )
    bench.limiter.admit_now(asked.job, now_ms=asked.job.due_at_ms)
    tried = try_out(asked, secret=bench.secrets.glance(owner), sender=bench.sender, clock=bench.clock)
    bench.journal.tell(
        "tried",
        request_id=request.request_id,
        client_request_id=client_request_id(request),
        trial_id=asked.job.id,
        host=place_of(asked.job.request.url),
        passed=tried.passed,
        error=tried.result.code if isinstance(tried.result, Failure) else None,
    )
    return HttpAnswer(200, shown_trial(tried))


ROUTES: Routes = {
    "/v1/validate": {"POST": ("jobs:write", validate_document)},
    "/v1/test": {"POST": ("jobs:write", try_request)},
}
