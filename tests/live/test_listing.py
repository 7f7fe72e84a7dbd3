"""An owner's jobs, by due time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.target import Reply, Target

pytestmark = pytest.mark.live


def test_lists_by_status_range_and_order_page_by_page(stack: DeployedStack, receiver: Target) -> None:
    """Every job is on exactly one page, also where many are due in one millisecond and states differ."""
    user = stack.as_user(stack.sign_in("lister@example.com").token)
    receiver.answer("/listed", Reply(404))
    url = receiver.url("/listed")

    def ids(**question: Any) -> list[str]:
        return [job.id for job in user.jobs(page_size=2, **question)]

    same = [user.schedule(url, at="2099-01-01T00:00:00Z").id for _ in range(5)]
    later = user.schedule(url, at="2099-01-02T00:00:00+01:00").id
    failed = user.schedule(url, delay=0, notify={"on": []}).id
    cancelled = user.schedule(url, at="2099-01-03T00:00:00Z").id
    user.cancel(cancelled)
    eventually(lambda: ids(status="failed"), bool, within_seconds=20)

    everything, backwards = ids(), ids(order="desc")
    assert (everything[0], everything[-2:]) == (failed, [later, cancelled])
    assert (backwards[:2], backwards[-1]) == ([cancelled, later], failed)
    assert sorted(everything[1:-2]) == sorted(backwards[2:-1]) == sorted(same)
    assert set(ids(status="upcoming")) == {*same, later}
    assert set(ids(status=["failed", "cancelled"])) == {failed, cancelled}
    assert ids(from_="2099-01-01T00:00:00.001Z", to="2099-01-03T00:00:00Z") == [later]
    assert all("body" not in job.raw["request"] for job in user.jobs())


def test_jobs_are_found_by_name_and_host(stack: DeployedStack, receiver: Target) -> None:
    """In the deployed index: whatever their state, page by page, and as they are after a change."""
    token = stack.sign_in("searcher@example.com").token
    documents: list[dict[str, Any]] = [
        {"name": name, "url": "https://hooks.example.com/run"} for name in ("purge items", "greet", "purge")
    ]
    documents.append({"name": "purge", "url": receiver.url("/found"), "notify": {"on": []}})
    made = []
    for number, document in enumerate(documents):
        answer = stack.call("POST", "/v1/jobs", {**document, "at": f"2099-01-0{number + 1}T00:00:00Z"}, token=token)
        assert answer.status == 201, answer
        made.append(str(answer.body["id"]))

    def found(question: str) -> list[str]:
        page = stack.call("GET", f"/v1/jobs?{question}", token=token)
        assert page.status == 200, page
        return [job["id"] for job in page.body["jobs"]]

    assert found("name=purge") == [made[0], made[2], made[3]]
    assert found("name=purge%20&status=upcoming") == [made[0]]
    assert found("host=HOOKS.example.com&order=desc") == made[2::-1]
    stack.call("DELETE", f"/v1/jobs/{made[2]}", token=token)
    stack.call("PATCH", f"/v1/jobs/{made[1]}", {"name": "purge too"}, token=token)
    eventually(lambda: found("name=purge&host=hooks.example.com"), lambda ids: ids == made[:3], within_seconds=20)
    other = stack.sign_in("searched@example.com").token
    assert stack.call("GET", "/v1/jobs?name=purge", token=other).body["jobs"] == []


def test_a_cursor_is_good_for_its_owner_and_its_question_only(stack: DeployedStack) -> None:
    """Another owner's cursor, another question's or a made-up one is refused as such."""
    token = stack.sign_in("cursors@example.com").token
    for _ in range(3):
        document = {"url": "https://hooks.example.com/run", "at": "2099-01-01T00:00:00Z"}
        assert stack.call("POST", "/v1/jobs", document, token=token).status == 201
    cursor = stack.call("GET", "/v1/jobs?limit=1", token=token).body["next_cursor"]

    asked = [
        stack.call("GET", f"/v1/jobs?limit=1&cursor={cursor}"),
        stack.call("GET", f"/v1/jobs?limit=1&order=desc&cursor={cursor}", token=token),
        stack.call("GET", "/v1/jobs?cursor=made-up", token=token),
    ]

    assert [(answer.status, answer.body["code"]) for answer in asked] == [(422, "cursor_invalid")] * 3
