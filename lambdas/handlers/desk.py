"""What all routes share: the parts that they work with, and how they read a request and show a job."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lambdas.handlers.door import caller_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.jobs.document import check_media_type
from lambdas.jobs.errors import DamagedJob, JobNotFound
from lambdas.jobs.view import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdas.jobs.destination import Rules
    from lambdas.jobs.expecting import Confirmed
    from lambdas.jobs.horizon import Horizon
    from lambdas.jobs.job import Job
    from lambdas.jobs.limiting import Limiter
    from lambdas.jobs.ports import (
        Addresses,
        Clock,
        Counters,
        JobStore,
        Journal,
        KeyStore,
        OwnerStore,
        SigningSecrets,
        Targets,
    )
    from lambdas.jobs.rotate import NewKey

JOB_ID = re.compile(r"job_[0-9a-f]{32}")


class SignIn(NamedTuple):
    """How people get access tokens: where the issuer tells of itself (OpenID Connect Discovery 1.0), and the client id
    of the command line there; "" if there is none."""

    configuration_url: str
    client_id: str


class Desk(NamedTuple):
    """All that the routes need. `new_job_id` makes an id that no other job has, `new_key` 32 bytes that nobody can
    guess; `secrets`, `targets`, `owners`, `addresses` and `counters` make what few requests need. `api_url` is where
    users reach the service, without a slash at the end."""

    keys: KeyStore
    store: JobStore
    journal: Journal
    clock: Clock
    horizon: Horizon
    rules: Rules
    retention_ms: int
    new_job_id: Callable[[], str]
    secrets: Callable[[], SigningSecrets]
    new_key: NewKey
    targets: Callable[[], Targets]
    owners: Callable[[], OwnerStore]
    addresses: Callable[[], Addresses]
    counters: Callable[[], Counters]
    limiter: Limiter
    api_url: str
    sign_in: SignIn


class KnowsOwners(Protocol):
    """What the question about an owner's addresses takes: both are made when they are needed."""

    @property
    def owners(self) -> Callable[[], OwnerStore]: ...

    @property
    def addresses(self) -> Callable[[], Addresses]: ...


def confirmed_by(owner: str, desk: KnowsOwners, *, note: bool = True) -> Confirmed:
    """Says for one request whether an address is the owner's and confirmed. Nothing is looked up before it is asked,
    and without `note` nothing is written."""

    @cache
    def known() -> Confirmed:
        from lambdas.jobs.set_owner import confirmed_among

        return confirmed_among(owner, store=desk.owners(), addresses=desk.addresses(), note=note)

    return lambda email: known()(email)


def owner_of(request: HttpRequest) -> str:
    """Whose jobs, keys and settings a request is about."""
    return caller_of(request).owner


def known_form(job_id: str) -> str:
    """The id, if it could be one: what cannot be is not looked for."""
    if not JOB_ID.fullmatch(job_id):
        raise JobNotFound
    return job_id


def tell_damaged(damaged: DamagedJob, request: HttpRequest, desk: Desk) -> None:
    """Tell the operators of a job that an owner has asked for in vain; an alarm counts these."""
    desk.journal.tell("job_damaged", job_id=damaged.job_id, error=damaged.why, request_id=request.request_id)


def check_document_type(request: HttpRequest, *, patch: bool = False) -> None:
    check_media_type(request.headers.get("content-type"), request.headers.get("content-encoding"), patch=patch)


def admitted(desk: Desk, edit: Callable[[Job], Job]) -> Callable[[Job], Job]:
    """The edit, refused if there is no room where it moves the job."""

    def checked(job: Job) -> Job:
        edited = edit(job)
        desk.limiter.admit_move(job, edited, now_ms=desk.clock.now_ms())
        return edited

    return checked


def versions_of(request: HttpRequest) -> frozenset[int] | None:
    """The versions in `If-Match` (`3`, `"3"` or several), None for any. What is no version of ours matches nothing."""
    value = request.headers.get("if-match", "*").strip()
    if value == "*":
        return None
    tags = [tag.strip().strip('"') for tag in value.split(",")]
    return frozenset(int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 16)


def one_job(job: Job, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    return HttpAnswer(status, shown(job, whole=True), {"etag": f'"{job.version}"', **(headers or {})})
