"""The client: one method for each thing that the service does."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar, Unpack
from urllib.parse import quote

from punctual.errors import PunctualError, UnexpectedAnswer
from punctual.fields import ExpectTest, JobChanges, JobFields, OwnersNotify, document_of
from punctual.models import (
    ApiKey,
    BatchResult,
    Criterion,
    Job,
    Me,
    SigningSecret,
    Stats,
    Target,
    TestResult,
    Validation,
)
from punctual.transport import Reply, Token, Transport, problem_of
from punctual.version import VERSION

BATCH_SIZE = 100
"""How many jobs the service takes in one batch."""

T = TypeVar("T")
Moment = str | datetime


class Client:
    """A Punctual service, as one user sees it. Methods raise what `punctual.errors` lists.

    Requests that fail in passing are sent again by themselves; those that make something carry an `Idempotency-Key`
    of their own, so that nothing is made twice. A client may be used by several threads.
    """

    def __init__(
        self, api_url: str, token: Token, *, timeout: float = 30, retries: int = 4, patience: float = 20
    ) -> None:
        """`token` is a JWT or an API key, or a function that gives one before each request (None: only `health`).

        `timeout` is in seconds, for connecting (10 at most) and for each wait for data; `retries` how often a request
        is sent again; `patience` the longest `Retry-After`, in seconds, that is waited for.
        """
        user_agent = f"punctual-python/{VERSION}"
        self._transport = Transport(
            api_url, token, user_agent=user_agent, timeout=timeout, retries=retries, patience=patience
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections. The client may still be used; it opens others."""
        self._transport.close()

    # Jobs

    def schedule(self, url: str, *, idempotency_key: str | None = None, **fields: Unpack[JobFields]) -> Job:
        """Schedule a request to `url`. Give `at` or `delay`.

        With an `idempotency_key` of yours, the same call made again within 24 hours returns the first job.
        """
        document = document_of({"url": url, **fields})
        return self._read(Job.of, self._make("/v1/jobs", document, idempotency_key))

    def schedule_many(
        self, jobs: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> list[BatchResult]:
        """Schedule up to 100 jobs (`url` and the fields of JobFields), each judged for itself, in order."""
        if not 1 <= len(jobs) <= BATCH_SIZE:
            raise ValueError(f"a batch holds 1 to {BATCH_SIZE} jobs, not {len(jobs)}")
        document = {"jobs": [document_of(job) for job in jobs]}
        reply = self._make("/v1/jobs/batch", document, idempotency_key)
        return self._read(lambda body: [_batch_result(result) for result in body["results"]], reply)

    def job(self, job_id: str) -> Job:
        """Read one job, whole."""
        return self._read(Job.of, self._transport.send("GET", _job_path(job_id)))

    def jobs(
        self,
        *,
        status: str | Sequence[str] = (),
        from_: Moment | None = None,
        to: Moment | None = None,
        name: str | None = None,
        host: str | None = None,
        order: Literal["asc", "desc"] = "asc",
        page_size: int = 50,
        damaged: Callable[[str], object] | None = None,
    ) -> Iterator[Job]:
        """All jobs by due time, page by page as they are asked for; `from_` ≤ due < `to`.

        `status` is one or several of the five, or "upcoming" (scheduled and running). `name` is how names begin, `host`
        what is called. Request bodies are left out. `damaged` is called with the id of each job that the service has
        and cannot read.
        """
        query: dict[str, str | int] = {"limit": page_size}
        if status:
            query["status"] = status if isinstance(status, str) else ",".join(status)
        query |= _range(from_, to)
        query |= {key: value for key, value in (("name", name), ("host", host)) if value}
        if order != "asc":
            query["order"] = order
        while True:
            jobs, unreadable, cursor = self._read(_page, self._transport.send("GET", "/v1/jobs", query=query))
            for job_id in unreadable:
                if damaged is not None:
                    damaged(job_id)
            yield from jobs
            if cursor is None:
                return
            query["cursor"] = cursor

    def update(
        self, job_id: str, *, if_version: int | None = None, url: str | None = None, **changes: Unpack[JobChanges]
    ) -> Job:
        """Change a job that is still scheduled. None sets a field back to its default.

        With `if_version` only that version is changed: PreconditionFailed says that somebody else was faster.
        """
        document = document_of(changes) | ({} if url is None else {"url": url})
        return self._read(
            Job.of, self._transport.send("PATCH", _job_path(job_id), document, headers=_if_match(if_version))
        )

    def cancel(self, job_id: str, *, if_version: int | None = None) -> Job:
        """Cancel a job. Cancelling twice is fine; Conflict if it runs or has finished."""
        return self._read(Job.of, self._transport.send("DELETE", _job_path(job_id), headers=_if_match(if_version)))

    def run(self, job_id: str, *, if_version: int | None = None) -> Job:
        """Fire a scheduled job now."""
        path, headers = f"{_job_path(job_id)}/run", _if_match(if_version)
        return self._read(Job.of, self._transport.send("POST", path, headers=headers))

    def rerun(self, job_id: str, *, idempotency_key: str | None = None) -> Job:
        """A new job like a finished one, due now."""
        return self._read(Job.of, self._make(f"{_job_path(job_id)}/rerun", None, idempotency_key))

    # Before scheduling

    def validate(self, url: str, **fields: Unpack[JobFields]) -> Validation:
        """What `schedule` would say, storing nothing."""
        document = document_of({"url": url, **fields})
        return self._read(Validation.of, self._transport.send("POST", "/v1/validate", document))

    def criteria(self) -> list[Criterion]:
        """Everything that a job must fulfil."""
        reply = self._transport.send("GET", "/v1/criteria")
        return self._read(lambda body: [Criterion.of(criterion) for criterion in body["criteria"]], reply)

    def test(
        self,
        url: str,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        secret_headers: Sequence[str] | None = None,
        body: Any = None,
        expect: ExpectTest | None = None,
        timeout_seconds: float | None = None,
    ) -> TestResult:
        """Send a request once, now, from where jobs are sent, and compare the answer with `expect`.

        `timeout_seconds` is 1 to 20, 10 if left out. Never sent again by itself once it may have reached the service.
        """
        given = {
            "headers": headers,
            "secret_headers": secret_headers,
            "body": body,
            "expect": expect,
            "timeout_seconds": timeout_seconds,
        }
        fields = {name: value for name, value in given.items() if value is not None}
        document = document_of({"url": url, "method": method, **fields})
        return self._read(TestResult.of, self._transport.send("POST", "/v1/test", document, repeatable=False))

    # What there is

    def stats(
        self,
        *,
        from_: Moment | None = None,
        to: Moment | None = None,
        interval: Literal["hour", "day"] | None = None,
        timezone: str | None = None,
    ) -> Stats:
        """Counts by status, in total and by interval of due time."""
        query: dict[str, str | int] = dict(_range(from_, to))
        query |= {name: value for name, value in {"interval": interval, "timezone": timezone}.items() if value}
        return self._read(Stats.of, self._transport.send("GET", "/v1/stats", query=query))

    def targets(self) -> list[Target]:
        """The hosts that your jobs call and that are known to be in trouble."""
        reply = self._transport.send("GET", "/v1/targets")
        return self._read(lambda body: [Target.of(target) for target in body["targets"]], reply)

    def allow_target(self, host: str) -> Target:
        """Lift a pause or a denial."""
        path = f"/v1/targets/{quote(host, safe='')}"
        return self._read(Target.of, self._transport.send("PATCH", path, {"state": "allowed"}))

    # Yourself

    def me(self) -> Me:
        """Who the token speaks for."""
        return self._read(Me.of, self._transport.send("GET", "/v1/me"))

    def set_notify(self, notify: OwnersNotify) -> Me:
        """What jobs without a `notify` of their own do. An `email` is sent a link; it counts once that was followed."""
        return self._read(Me.of, self._transport.send("PATCH", "/v1/me", {"notify": notify}))

    def signing_secret(self) -> SigningSecret:
        """The secret that your requests are signed with; made when it is first read."""
        return self._read(SigningSecret.of, self._transport.send("GET", "/v1/signing-secret"))

    def rotate_signing_secret(self) -> SigningSecret:
        """A new secret; the one before it signs too for 24 hours. Not sent again by itself: each call rotates."""
        return self._read(SigningSecret.of, self._transport.send("POST", "/v1/signing-secret/rotate", repeatable=False))

    def create_key(
        self, name: str, scopes: Sequence[str], *, expires_at: Moment | None = None, idempotency_key: str | None = None
    ) -> ApiKey:
        """A key for a program. Keep `key` of what is returned: it is never shown again.

        It is None if the key was made by an earlier try whose answer was lost: revoke that one and make another.
        """
        document: dict[str, Any] = {"name": name, "scopes": list(scopes)}
        if expires_at is not None:
            document["expires_at"] = _text(expires_at)
        return self._read(ApiKey.of, self._make("/v1/keys", document, idempotency_key))

    def keys(self) -> list[ApiKey]:
        """Your keys, without their secrets."""
        reply = self._transport.send("GET", "/v1/keys")
        return self._read(lambda body: [ApiKey.of(key) for key in body["keys"]], reply)

    def delete_key(self, key_id: str) -> None:
        """Revoke a key. It may go on working for up to a minute."""
        reply = self._transport.send("DELETE", f"/v1/keys/{quote(key_id, safe='')}")
        if reply.status != 204:
            raise UnexpectedAnswer("the answer is not Punctual's, and the key may not be revoked; is this its address?")

    def health(self) -> Mapping[str, Any]:
        """Whether the API answers, and its version. Needs no token."""
        return self._read(dict, self._transport.send("GET", "/health"))

    def _make(self, path: str, document: Any, idempotency_key: str | None) -> Reply:
        headers = {"idempotency-key": idempotency_key or str(uuid.uuid4())}
        return self._transport.send("POST", path, document, headers=headers)

    def _read(self, parse: Callable[[Any], T], reply: Reply) -> T:
        """What the body means. Raises UnexpectedAnswer if it is none of the service's."""
        try:
            return parse(reply.body)
        except PunctualError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnexpectedAnswer(f"the answer is not Punctual's ({error!r}); is this its address?") from error


def _page(raw: Mapping[str, Any]) -> tuple[list[Job], list[str], str | None]:
    """The jobs of a page of a list, the ids of those that cannot be read, and the cursor of the next page."""
    return [Job.of(job) for job in raw["jobs"]], list(raw.get("damaged", ())), raw["next_cursor"]


def _batch_result(raw: Mapping[str, Any]) -> BatchResult:
    if "job" in raw:
        return BatchResult(Job.of(raw["job"]), None, raw)
    return BatchResult(None, problem_of(raw["status"], raw["problem"]), raw)


def _job_path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _if_match(version: int | None) -> dict[str, str]:
    return {} if version is None else {"if-match": f'"{version}"'}


def _range(from_: Moment | None, to: Moment | None) -> dict[str, str]:
    return {name: _text(value) for name, value in {"from": from_, "to": to}.items() if value is not None}


def _text(moment: Moment) -> str:
    return moment if isinstance(moment, str) else moment.isoformat()
