"""What owners and operators see of a stored job that cannot be read: damaged, or written by newer code (F28)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.handlers import api
from lambdas.jobs.job import Job
from tests.examples import a_job
from tests.handlers.recorded import Service, http_event

Call = Callable[..., dict[str, Any]]
WRITES = [("PATCH", ""), ("DELETE", ""), ("POST", "/run"), ("POST", "/rerun")]


@pytest.fixture
def call(service: Service) -> Call:
    def call(method: str, path: str, document: Any = None, *, owner: str = "ada", **headers: str) -> dict[str, Any]:
        content = "" if document is None else json.dumps(document)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = api.handler(http_event(method, path, content, owner=owner, headers=named), None)
        return {**answer, "body": json.loads(answer["body"])}

    return call


@pytest.fixture
def damaged(service: Service) -> Job:
    job = service.store.add(a_job())
    service.store.damaged.add(job.id)
    return job


def code(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], answer["body"]["code"]


def test_reading_it_says_what_is_the_matter(call: Call, damaged: Job) -> None:
    """F28: neither "not found", for it is there, nor a bare 500: its owner learns that it is not fired."""
    answer = call("GET", f"/v1/jobs/{damaged.id}")
    assert code(answer) == (409, "job_damaged")
    assert "is not fired" in answer["body"]["detail"]
    assert "scheduled anew" in answer["body"]["detail"]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_it_can_be_neither_changed_nor_cancelled_nor_fired(
    service: Service, call: Call, damaged: Job, method: str, path: str
) -> None:
    """F28: nobody writes over what they cannot read."""
    answer = call(method, f"/v1/jobs/{damaged.id}{path}", {"name": "x"} if method == "PATCH" else None)
    assert code(answer) == (409, "job_damaged")
    service.store.damaged.clear()
    assert service.store[damaged.id] == damaged


@pytest.mark.parametrize(("method", "path"), [("GET", ""), *WRITES])
def test_for_strangers_it_is_not_there(call: Call, damaged: Job, method: str, path: str) -> None:
    """F28, T5: as every other job of somebody else."""
    answer = call(method, f"/v1/jobs/{damaged.id}{path}", {"name": "x"} if method == "PATCH" else None, owner="eve")
    assert code(answer) == (404, "not_found")


def test_a_list_shows_the_others_and_names_it(service: Service, call: Call, damaged: Job) -> None:
    """F28: an owner's list has a hole that is told, and no field at all when there is none."""
    good = service.store.add(a_job())
    answer = call("GET", "/v1/jobs")
    assert [job["id"] for job in answer["body"]["jobs"]] == [good.id]
    assert answer["body"]["damaged"] == [damaged.id]
    service.store.damaged.clear()
    assert "damaged" not in call("GET", "/v1/jobs")["body"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/run"), ("POST", "/rerun"), ("GET", None)],
)
def test_the_operators_learn_which_it_is_and_why(
    service: Service, call: Call, damaged: Job, method: str, path: str | None
) -> None:
    """F28: by the log of api, whose count of these rings an alarm; with the request by which it was found."""
    where = "/v1/jobs" if path is None else f"/v1/jobs/{damaged.id}{path}"
    call(method, where, {"name": "x"} if method == "PATCH" else None)
    (told,) = service.journal.of("job_damaged")
    assert (told["job_id"], told["error"]) == (damaged.id, "a test said so")
    assert told["request_id"]
    assert service.journal.of("defect") == []


def test_a_repeated_request_does_not_pass_it_for_a_new_job(service: Service, call: Call) -> None:
    """F28: the key says that there is a job; that it cannot be read does not make it another."""
    document = {"url": "https://example.com/", "delay_seconds": 60}
    made = call("POST", "/v1/jobs", document, idempotency_key="once")["body"]["id"]
    service.store.damaged.add(made)
    assert code(call("POST", "/v1/jobs", document, idempotency_key="once")) == (409, "job_damaged")


def test_a_repeated_batch_tells_it_apart_from_its_neighbours(service: Service, call: Call) -> None:
    """F28: one entry says what is the matter, the other shows its job."""
    batch = {"jobs": [{"url": f"https://example.com/{number}", "delay_seconds": 60} for number in range(2)]}
    first, second = [
        result["job"]["id"]
        for result in call("POST", "/v1/jobs/batch", batch, idempotency_key="once")["body"]["results"]
    ]
    service.store.damaged.add(first)
    answer = call("POST", "/v1/jobs/batch", batch, idempotency_key="once")
    bad, good = answer["body"]["results"]
    assert (bad["status"], bad["problem"]["code"]) == (409, "job_damaged")
    assert (good["status"], good["job"]["id"]) == (200, second)
    assert [told["job_id"] for told in service.journal.of("job_damaged")] == [first]
