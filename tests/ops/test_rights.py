"""The page's policy for operators names what the commands call, and nothing else (T12)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from lambdas.adapters.messages import message_body
from lambdas.jobs.ports import Message
from local import paths
from ops import bring_back, due, failed, letters, limits, mend, recount, redrive
from ops.place import Place
from tests.contracts.aws_places import always, make_table
from tests.examples import a_job, large_request
from tests.ops.conftest import Hands

ALL = ["--from", "2026-01-01", "--to", "2027-01-01"]


def test_the_least_policy_of_an_operator_is_what_the_commands_call(at: Place, hands: Hands) -> None:
    """Recorded from all of them, each with something to do."""
    called: set[str] = set()

    def note(model: Any, **_: Any) -> None:
        called.add(f"{model.service_model.signing_name}:{model.name.removesuffix('Batch')}")

    restored = replace(at, table_name=make_table(at.dynamodb))
    restored.store.add(a_job(request=large_request()))
    hands.failed(a_job(request=large_request()))
    aside, waiting = at.store.add(a_job()), at.store.add(a_job())
    at.store.set_aside(aside.id)
    for body in (message_body(Message(waiting.due)), message_body(Message(a_job().due))):
        at.sqs.send_message(QueueUrl=at.dead_letters_url, MessageBody=body)
    with always(at.dynamodb, "before-call", note), always(at.sqs, "before-call", note):
        statuses = [
            failed.main(ALL),
            due.main(ALL),
            redrive.main([*ALL, "--send"]),
            letters.main(["--send"]),
            mend.main([aside.id, "--write"]),
            recount.main(["--settle", "0", "--write"]),
            limits.main(["ada", "upcoming_jobs=5", "--write"]),
            limits.main(["ada", "upcoming_jobs=", "--write"]),
            bring_back.main([restored.table_name]),
            bring_back.main([restored.table_name, "--write", "--reset-marks"]),
        ]
    assert not any(statuses)
    assert called | {"cloudformation:DescribeStacks"} == _allowed_by_the_page()


def _allowed_by_the_page() -> set[str]:
    page = (paths.ROOT / "docs/operating.md").read_text()
    found = re.search(r"```json\n(\{\s+\"Version\".*?)```", page, re.DOTALL)
    assert found is not None
    statements = json.loads(found[1])["Statement"]
    actions = [
        [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        for statement in statements
    ]
    return {action for several in actions for action in several}
