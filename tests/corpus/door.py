"""The door: the real function api, from the gateway's event to the answer, over a store in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from lambdas import wiring
from lambdas.handlers import api
from lambdas.jobs.destination import Rules
from lambdas.jobs.job import Job
from tests.described import check_answer
from tests.examples import a_job
from tests.fakes import FakeClock
from tests.handlers.recorded import Service, http_event

OWNER = "ada"
JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the api."""

    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def refused(self) -> bool:
        return 400 <= self.status <= 499

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Field and code of each, in order."""
        return [(fault["field"], fault["code"]) for fault in self.content.get("errors", [])]

    def __str__(self) -> str:
        faults = ", ".join(f"{code} at {field}" for field, code in self.faults)
        return f"{self.status} {faults}" if faults else f"{self.status}"


class Door:
    """The api with an empty table, at one instant. What it accepts is in `jobs`.

    Raises AssertionError for an answer that is not as the OpenAPI document says.
    """

    def __init__(self, rules: Rules, *, now_ms: int) -> None:
        self._service = Service(clock=FakeClock(now_ms))
        self._rules = rules

    @property
    def jobs(self) -> list[Job]:
        return list(self._service.store)

    def schedule(self, content: bytes, headers: Mapping[str, str] = JSON) -> Told:
        """POST /v1/jobs."""
        return self._call("POST", "/v1/jobs", content, headers)

    def change(self, content: bytes, headers: Mapping[str, str] = JSON) -> Told:
        """PATCH of a job that is made for it, and stays as it was if the change is refused."""
        now_ms = self._service.clock.now_ms()
        job = self._service.store.add(a_job(due_at_ms=now_ms + 3_600_000, owner=OWNER))
        told = self._call("PATCH", f"/v1/jobs/{job.id}", content, headers)
        if told.refused and self._service.store[job.id] != job:
            raise AssertionError("a change was refused, and made all the same")
        return told

    def _call(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> Told:
        event = http_event(method, path, content, owner=OWNER, headers=headers)
        with patch.object(wiring, "api_parts", lambda: (self._service.desk(self._rules), self._service.journal)):
            answer = api.handler(event, None)
        check_answer(event, answer)
        return Told(answer["statusCode"], answer["headers"], json.loads(answer["body"]))
