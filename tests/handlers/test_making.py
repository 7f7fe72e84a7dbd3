"""The routes that make jobs or fire them now: run, rerun and batch."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas import wiring
from lambdas.handlers import api
from lambdas.jobs.job import AttemptOutcome, Job, Note, Status
from tests.examples import HORIZON, RETENTION_MS, a_full_job, a_job, an_attempt, new_id
from tests.fakes import NOW_MS
from tests.handlers.recorded import API_URL, Service, http_event

SOON = {"url": "https://example.com/", "delay_seconds": 60}
WRONG = {"url": "ftp://example.com/", "delay_seconds": 60}


def call(method: str, path: str, document: Any = None, *, owner: str = "ada", **headers: str) -> dict[str, Any]:
    content = "" if document is None else json.dumps(document)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = api.handler(http_event(method, path, content, owner=owner, headers=sent), None)
    return {**answer, "body": json.loads(answer["body"])}


def code(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], answer["body"]["code"]


def ended(job: Job) -> Job:
    running = job.claimed(claim_id="c", now_ms=NOW_MS)
    return running.failed(an_attempt(1, AttemptOutcome.FAILED), now_ms=NOW_MS, retention_ms=RETENTION_MS)


class TestRun:
    def test_a_scheduled_job_fires_now(self, service: Service) -> None:
        """Its due time moves; the note about the time that it had is gone, and the stream brings it to the queue."""
        note = Note("at_ambiguous", "twice", other_ms=NOW_MS)
        job = service.store.add(a_full_job(due_in_ms=86_400_000, notes=(note, Note("other", "stays"))))
        answer = call("POST", f"/v1/jobs/{job.id}/run")
        moved = service.store[job.id]
        assert answer["statusCode"] == 202 and answer["headers"]["etag"] == '"2"'
        assert answer["body"]["due_at"] == answer["body"]["next_attempt_at"] == "2026-09-21T14:13:20.000Z"
        assert (moved.due_at_ms, moved.fire_at_ms, moved.handoff, moved.version) == (NOW_MS, NOW_MS, True, 2)
        assert [note.code for note in moved.notes] == ["other"]

    def test_a_job_that_waits_for_its_retry_does_not_wait_any_longer(self, service: Service) -> None:
        """Its due time is past, its fire time is not."""
        job = a_job(due_in_ms=-5_000).claimed(claim_id="c", now_ms=NOW_MS)
        attempt = an_attempt(1, AttemptOutcome.RETRY)
        service.store.put(job.retried(attempt, fire_at_ms=NOW_MS + 10**7, now_ms=NOW_MS, horizon=HORIZON))
        assert call("POST", f"/v1/jobs/{job.id}/run")["statusCode"] == 202
        assert service.store[job.id].fire_at_ms == NOW_MS

    def test_a_job_that_waits_for_its_target_is_no_longer_said_to(self, service: Service) -> None:
        """Its owner wants it tried; if the target is still paused, it is put off anew."""
        job = a_job(due_in_ms=-5_000).claimed(claim_id="c", now_ms=NOW_MS)
        service.store.put(job.put_off(fire_at_ms=NOW_MS + 10**6, now_ms=NOW_MS, horizon=HORIZON))
        answer = call("POST", f"/v1/jobs/{job.id}/run")
        assert answer["body"]["waiting_for"] is None and service.store[job.id].fire_at_ms == NOW_MS

    def test_a_job_that_is_due_already_is_left_as_it_is(self, service: Service) -> None:
        """It is on its way: moving it would only make its message stale."""
        job = service.store.add(a_job(due_in_ms=-5))
        service.store.before["replace"] = lambda: pytest.fail("something was written")
        answer = call("POST", f"/v1/jobs/{job.id}/run")
        assert answer["statusCode"] == 202 and answer["body"]["version"] == 1

    def test_a_job_that_runs_or_has_ended_is_not_fired(self, service: Service) -> None:
        """Also when it is claimed between the look and the write (F15)."""
        job = service.store.add(a_job(due_in_ms=5_000))

        def claim() -> None:
            service.store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="c", now_ms=NOW_MS)

        service.store.before["replace"] = claim
        assert code(call("POST", f"/v1/jobs/{job.id}/run")) == (409, "job_running")
        done = ended(a_job())
        service.store.put(done)
        assert code(call("POST", f"/v1/jobs/{done.id}/run")) == (409, "job_finished")

    @pytest.mark.parametrize("due_in_ms", [-5, 60_000], ids=["due already", "scheduled"])
    def test_it_is_made_to_the_version_that_was_named_only(self, service: Service, due_in_ms: int) -> None:
        """As every change."""
        job = service.store.add(a_job(due_in_ms=due_in_ms))
        assert code(call("POST", f"/v1/jobs/{job.id}/run", if_match="7")) == (412, "version_conflict")
        assert call("POST", f"/v1/jobs/{job.id}/run", if_match='"1"')["statusCode"] == 202


class TestRerun:
    def test_a_job_that_ended_is_made_anew(self, service: Service) -> None:
        """With its secrets, and without showing them."""
        job = ended(a_full_job())
        service.store.put(job)
        answer = call("POST", f"/v1/jobs/{job.id}/rerun")
        new = service.store[answer["body"]["id"]]
        assert answer["statusCode"] == 201 and answer["headers"]["location"] == f"{API_URL}/v1/jobs/{new.id}"
        assert answer["body"]["rerun_of"] == job.id and answer["body"]["status"] == "scheduled"
        assert new.request == job.request and new.fire_at_ms == NOW_MS and new.handoff
        assert "s3cret" not in json.dumps(answer)
        assert service.journal.events().count("accepted") == 1

    def test_what_has_not_ended_is_not_made_twice(self, service: Service) -> None:
        """Run is for that."""
        job = service.store.add(a_job())
        assert code(call("POST", f"/v1/jobs/{job.id}/rerun")) == (409, "job_not_finished")
        assert len(service.store) == 1

    def test_with_a_key_it_is_done_once(self, service: Service) -> None:
        """Also when the job that it is like has expired since; for another job the key is no good."""
        job, other = ended(a_job()), ended(a_job())
        service.store.put(replace(job, expires_at_ms=NOW_MS + 1_000))
        service.store.put(other)
        first = call("POST", f"/v1/jobs/{job.id}/rerun", idempotency_key="k")
        service.clock.advance(seconds=2)
        again = call("POST", f"/v1/jobs/{job.id}/rerun", idempotency_key="k")
        assert (again["statusCode"], again["body"]) == (200, first["body"])
        assert again["headers"]["idempotency-replayed"] == "true"
        reused = call("POST", f"/v1/jobs/{other.id}/rerun", idempotency_key="k")
        assert code(reused) == (422, "idempotency_key_reused")
        assert code(call("POST", f"/v1/jobs/{job.id}/rerun", idempotency_key="a,b")) == (400, "idempotency_key_invalid")


class TestBatch:
    def test_each_is_accepted_or_refused_for_itself_in_order(self, service: Service) -> None:
        """As it would be alone, but for the body."""
        documents = [SOON, WRONG, "no job", {**SOON, "name": "third", "body": "long"}]
        answer = call("POST", "/v1/jobs/batch", {"jobs": documents})
        results = answer["body"]["results"]
        assert answer["statusCode"] == 207 and "idempotency-replayed" not in answer["headers"]
        assert [result["status"] for result in results] == [201, 422, 422, 201]
        alone = call("POST", "/v1/jobs", WRONG)["body"]
        assert results[1]["problem"] == alone
        assert results[2]["problem"]["code"] == "not_an_object"
        assert results[3]["job"]["name"] == "third" and "body" not in results[3]["job"]["request"]
        assert [job.id for job in service.store] == [results[0]["job"]["id"], results[3]["job"]["id"]]
        assert service.journal.events().count("accepted") == 2

    @pytest.mark.parametrize(
        ("document", "faults"),
        [
            ({}, [("jobs", "required")]),
            ({"jobs": {}}, [("jobs", "type")]),
            ({"jobs": None, "x": 1}, [("x", "unknown_field"), ("jobs", "type")]),
            ({"jobs": []}, [("jobs", "range")]),
            ({"jobs": [SOON] * 101}, [("jobs", "range")]),
        ],
    )
    def test_a_fault_of_the_batch_refuses_it_whole(
        self, service: Service, document: Any, faults: list[tuple[str, str]]
    ) -> None:
        """Nothing is stored."""
        answer = call("POST", "/v1/jobs/batch", document)
        assert answer["statusCode"] == 422 and len(service.store) == 0
        assert [(fault["field"], fault["code"]) for fault in answer["body"]["errors"]] == faults

    def test_a_hundred_jobs_of_four_megabytes_are_taken(self, service: Service) -> None:
        """A single job may have 512 KB."""
        large = {**SOON, "body": "x" * 40_000}
        assert len(call("POST", "/v1/jobs/batch", {"jobs": [large] * 100})["body"]["results"]) == 100
        too_large = call("POST", "/v1/jobs/batch", {"jobs": [{**SOON, "body": "x" * 43_000}] * 100})
        assert code(too_large) == (413, "body_too_large")

    def test_repeated_with_its_key_it_finds_its_jobs(self, service: Service) -> None:
        """As a whole; refusals are told again."""
        document = {"jobs": [SOON, WRONG]}
        first, again = (call("POST", "/v1/jobs/batch", document, idempotency_key="k") for _ in range(2))
        assert again["statusCode"] == 207 and again["headers"]["idempotency-replayed"] == "true"
        assert [result["status"] for result in again["body"]["results"]] == [200, 422]
        assert again["body"]["results"][0]["job"] == first["body"]["results"][0]["job"]
        assert again["body"]["results"][1] == first["body"]["results"][1]
        assert len(service.store) == 1 and service.journal.events().count("accepted") == 1
        reused = call("POST", "/v1/jobs/batch", {"jobs": [SOON]}, idempotency_key="k")
        assert code(reused) == (422, "idempotency_key_reused")

    def test_what_the_table_does_not_take_is_told_for_itself(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """F20: a table that throttles in the middle."""
        ids = [new_id(), new_id()]
        drawn = iter(ids)
        desk = service.desk()._replace(new_job_id=lambda: next(drawn))
        monkeypatch.setattr(wiring, "api_parts", lambda: (desk, service.journal))
        service.store.refused = {ids[1]}
        results = call("POST", "/v1/jobs/batch", {"jobs": [SOON, SOON]})["body"]["results"]
        assert [result["status"] for result in results] == [201, 503]
        assert results[1]["problem"]["code"] == "unavailable"
        assert [job.status for job in service.store] == [Status.SCHEDULED]
