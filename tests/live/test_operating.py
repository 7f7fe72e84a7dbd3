"""Operators' commands on the deployed stack: what failed is sent again, what was lost is brought back (F29)."""

from __future__ import annotations

import pytest

from ops import bring_back, redrive
from tests.contracts.aws_places import make_table
from tests.live.deployed_stack import DeployedStack
from tests.live.target import Reply, Target
from tests.live.user import refusal

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def _there(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands find the stack by its file, as an operator's do."""
    monkeypatch.setenv("PUNCTUAL_STATE", str(stack.state))


def test_a_failed_job_is_sent_again_with_its_secrets_once(
    stack: DeployedStack, receiver: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    """The target is mended, the operator runs the command twice, and one request more arrives."""
    receiver.answer("/mended", Reply(404), Reply(200))
    secret = {"authorization": "Bearer of the order"}
    job = stack.user.schedule(receiver.url("/mended"), delay=0, headers=secret, body={"order": 7})
    assert stack.finished(job.id, within_seconds=20).status == "failed"

    for _ in range(2):
        assert redrive.main(["--job", job.id, "--send"]) == 0
    (new_id,) = {line.rpartition(" ")[2] for line in capsys.readouterr().out.splitlines()}

    again = stack.finished(new_id, within_seconds=20)
    assert (again.status, again.rerun_of) == ("succeeded", job.id)
    first, second = receiver.requests("/mended")
    assert second.headers["authorization"] == first.headers["authorization"] == "Bearer of the order"
    assert second.body == first.body == b'{"order":7}'


def test_a_lost_job_is_brought_back_from_a_restored_table_and_fires(stack: DeployedStack, receiver: Target) -> None:
    """The steps of docs/operating.md from the copying on; the restored table is made by hand."""
    job = stack.user.schedule(receiver.url("/lost"), delay=12)
    dynamodb, table = stack.client("dynamodb"), stack.description["table"]
    restored = make_table(dynamodb)
    key = {"pk": {"S": f"JOB#{job.id}"}, "sk": {"S": "JOB"}}
    dynamodb.put_item(TableName=restored, Item=dynamodb.get_item(TableName=table, Key=key)["Item"])
    dynamodb.delete_item(TableName=table, Key=key)
    assert refusal(lambda: stack.user.job(job.id)) == (404, "not_found")

    assert bring_back.main([restored, "--write"]) == 0

    assert stack.finished(job.id, within_seconds=30).status == "succeeded"
    assert len(receiver.requests("/lost")) == 1
