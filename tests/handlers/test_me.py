"""The routes of who is asking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.handlers import api
from lambdas.jobs.keys import EVERY_SCOPE, SCOPES
from lambdas.jobs.owner import MOST_ASKED_A_DAY
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event

ADA = "ada@example.com"


def call(
    method: str,
    document: Any = None,
    *,
    path: str = "/v1/me",
    owner: str | None = "ada",
    scopes: frozenset[str] = EVERY_SCOPE,
) -> tuple[int, dict[str, Any]]:
    content = "" if document is None else json.dumps(document)
    answer = api.handler(http_event(method, path, content, owner=owner, scopes=scopes, headers={}), None)
    return answer["statusCode"], {**answer["headers"], **json.loads(answer["body"])}


def notify(email: str | None) -> dict[str, Any]:
    return {"notify": {"email": email}}


def job_for(email: str) -> dict[str, Any]:
    return {"url": "https://example.com/", "delay_seconds": 60, **notify(email)}


@pytest.mark.usefixtures("service")
def test_who_asks_is_told_who_they_are() -> None:
    """The subject of their token: the owner of the jobs that they make."""
    status, me = call("GET")
    assert (status, me["owner"]) == (200, "ada")
    assert call("GET", owner="bob")[1]["owner"] == "bob"


@pytest.mark.usefixtures("service")
def test_who_asks_is_told_what_they_may() -> None:
    """What their token or key allows; it takes no scope to ask."""
    assert call("GET")[1]["scopes"] == list(SCOPES)
    assert call("GET", scopes=frozenset({"keys:write", "jobs:read"}))[1]["scopes"] == ["jobs:read", "keys:write"]


@pytest.mark.usefixtures("service")
def test_nobody_in_particular_is_nobody() -> None:
    """Without a token there is nobody to tell of."""
    status, refused = call("GET", owner=None)
    assert (status, refused["code"]) == (401, "unauthenticated")


@pytest.mark.usefixtures("service")
def test_who_has_set_nothing_has_the_default() -> None:
    """Failures are told, to the operators."""
    assert call("GET")[1]["notify"] == {"on": ["failed"], "email": None, "addresses": {}}


def test_an_address_is_asked_for_confirmed_and_named_by_a_job(service: Service) -> None:
    """The whole way; a job that comes too early is told how to go it."""
    status, refused = call("POST", job_for(ADA), path="/v1/jobs")
    (fault,) = refused["errors"]
    assert (status, fault["field"], fault["code"]) == (422, "notify.email", "email_unconfirmed")
    assert "PATCH /v1/me" in fault["message"] and "link" in fault["message"]

    status, me = call("PATCH", notify(ADA))
    assert (status, me["owner"], me["notify"]["email"]) == (200, "ada", ADA)
    assert me["notify"]["addresses"] == {ADA: "unconfirmed"}
    assert call("POST", job_for(ADA), path="/v1/jobs")[0] == 422

    service.addresses.confirm("ada", ADA)
    assert call("GET")[1]["notify"]["addresses"] == {ADA: "confirmed"}
    status, job = call("POST", job_for("ada@EXAMPLE.com"), path="/v1/jobs")
    assert (status, job["notify"], job["notify_from"]) == (201, {"on": ["failed"], "email": ADA}, "job")
    assert call("POST", job_for(ADA), path="/v1/jobs", owner="bob")[0] == 422


def test_a_job_that_waits_can_be_given_an_address_and_lose_it(service: Service) -> None:
    """As any of its fields; null is what its owner has set."""
    call("PATCH", notify(ADA))
    status, job = call("POST", {"url": "https://example.com/", "delay_seconds": 60}, path="/v1/jobs")
    assert call("PATCH", notify(ADA), path=f"/v1/jobs/{job['id']}")[0] == 422
    service.addresses.confirm("ada", ADA)
    status, job = call("PATCH", notify(ADA), path=f"/v1/jobs/{job['id']}")
    assert (status, job["notify"]["email"], job["notify_from"]) == (200, ADA, "job")
    status, job = call("PATCH", {"notify": None}, path=f"/v1/jobs/{job['id']}")
    assert (status, job["notify"], job["notify_from"]) == (200, {"on": ["failed"]}, "owner")


def test_a_batch_asks_once_for_an_address_that_all_its_jobs_name(service: Service) -> None:
    """T10: a hundred jobs must not be a hundred questions."""
    call("PATCH", notify(ADA))

    asked_before = len(service.addresses.looks)
    _, answer = call("POST", {"jobs": [job_for(ADA)] * 3}, path="/v1/jobs/batch")
    assert [result["status"] for result in answer["results"]] == [422] * 3
    assert len(service.addresses.looks) == asked_before + 1


def test_more_links_than_allowed_are_refused_until_some_time(service: Service) -> None:
    """T9: the service floods nobody with mail."""
    for number in range(MOST_ASKED_A_DAY):
        assert call("PATCH", notify(f"{number}@example.com"))[0] == 200
    service.clock.ms = NOW_MS + 3_600_000
    call("PATCH", {"notify": {"addresses": {"0@example.com": None}}})
    status, refused = call("PATCH", notify(ADA))
    assert (status, refused["code"], refused["retry-after"]) == (429, "quota_exceeded", str(23 * 3_600 + 1))
    assert refused["ratelimit-policy"] == f'"confirmation-links";q={MOST_ASKED_A_DAY};w=86400'
    assert refused["ratelimit"] == f'"confirmation-links";r=0;t={23 * 3_600 + 1}'
    assert len(service.addresses.links) == MOST_ASKED_A_DAY


def test_settings_that_cannot_be_read_are_said_to_be_so_and_can_be_replaced(service: Service) -> None:
    """F28: whoever signs in learns who they are all the same, and the log names the owner."""
    call("PATCH", {"notify": {"on": [], "email": ADA}})
    service.addresses.confirm("ada", ADA)
    service.owners.damaged = {"ada"}
    status, me = call("GET")
    assert (status, me["owner"], me["scopes"], me["damaged"]) == (200, "ada", list(SCOPES), ["notify"])
    assert me["notify"] == {"on": ["failed"], "email": None, "addresses": {}}
    assert [facts["owner"] for facts in service.journal.of("settings_damaged")] == ["ada"]

    assert call("POST", job_for(ADA), path="/v1/jobs")[0] == 201
    assert call("POST", job_for("other@example.com"), path="/v1/jobs")[0] == 422
    assert call("PATCH", {"notify": {"on": "failed"}})[0] == 422 and service.owners.damaged

    status, me = call("PATCH", notify(ADA))
    assert (status, me["notify"]["on"], me["notify"]["email"]) == (200, ["failed"], ADA)
    assert "damaged" not in me and not service.owners.damaged
    assert call("GET")[1]["notify"]["addresses"] == {ADA: "confirmed"}


def test_a_change_that_says_nothing_replaces_settings_that_cannot_be_read(service: Service) -> None:
    """F28: they are the default then, which is what held already."""
    service.owners.damaged = {"ada"}
    assert call("PATCH", {})[0] == 200
    assert "damaged" not in call("GET")[1]


def test_no_address_is_logged(service: Service) -> None:
    """T7: it says who somebody is. The owner's id is enough to find it."""
    call("PATCH", notify(ADA))
    call("PATCH", notify("ada@refused.example"))
    service.addresses.down = True
    call("PATCH", notify("third@example.com"))
    assert [event for event in service.journal.events() if event != "called"] == ["owner_changed", "unavailable"]
    assert "example" not in str(service.journal.lines)


@pytest.mark.usefixtures("service")
def test_a_change_of_another_type_is_refused() -> None:
    """As everywhere."""
    event = http_event("PATCH", "/v1/me", "{}", owner="ada", headers={"content-type": "text/plain"})
    assert api.handler(event, None)["statusCode"] == 415
