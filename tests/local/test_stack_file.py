"""stack.json, which programs read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from local import stack_file
from local.settings import Settings
from local.user import User, subject

OUTPUTS = {
    "ApiUrl": "https://9a7c41d2.execute-api.us-east-1.amazonaws.com",
    "HttpApiId": "9a7c41d2",
    "TableName": "Punctual-Jobs",
    "JobsQueueUrl": "http://localhost:4570/000000000000/jobs",
    "DeadLettersUrl": "http://localhost:4570/000000000000/dead-letters",
    "AlertsTopicArn": "arn:aws:sns:us-east-1:000000000000:alerts",
}
SETTINGS = Settings(port=4570)


def test_it_has_what_programs_are_promised() -> None:
    """These keys are a contract: the bench, the live tests and later tools read them."""
    contents = stack_file.describe(SETTINGS, OUTPUTS, User("sub-1", "a.b.c"), "http://localhost:4570/0/inbox")
    assert contents == {
        "api_url": "http://localhost:4570/_aws/execute-api/9a7c41d2",
        "token": "a.b.c",
        "owner": "sub-1",
        "aws_endpoint_url": "http://127.0.0.1:4570",
        "region": "us-east-1",
        "table": "Punctual-Jobs",
        "queues": {
            "jobs": "http://localhost:4570/000000000000/jobs",
            "dead_letters": "http://localhost:4570/000000000000/dead-letters",
            "alerts_inbox": "http://localhost:4570/0/inbox",
        },
        "topics": {"alerts": "arn:aws:sns:us-east-1:000000000000:alerts"},
        "console_url": None,
        "settings": {
            "PUNCTUAL_PORT": 4570,
            "PUNCTUAL_PRIVATE_TARGETS": "127.0.0.1,[::1],localhost",
            "PUNCTUAL_OWN_HOSTS": "localhost:4570,127.0.0.1:4570,[::1]:4570",
            "PUNCTUAL_SWEEP_MINUTES": 4,
            "PUNCTUAL_HORIZON_SECONDS": 900,
            "PUNCTUAL_TARGET_FAILURES": 10,
            "PUNCTUAL_TARGET_REFUSALS": 20,
            "PUNCTUAL_TARGET_PAUSE_SECONDS": 30,
            "PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS": 900,
            "PUNCTUAL_TARGET_LONGEST_WAIT_SECONDS": 86_400,
            "PUNCTUAL_ALERT_WINDOW_SECONDS": 300,
            "PUNCTUAL_LIMITS": "standard",
        },
    }


def test_it_is_written_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    """T16: it holds a token; and a program that waits for it must never read half of it."""
    file = tmp_path / "stack.json"
    stack_file.write(file, {"token": "a.b.c"})
    assert json.loads(file.read_text()) == {"token": "a.b.c"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_owner_is_the_subject_of_the_token() -> None:
    """The payload is base64url without padding."""
    assert subject("e30.eyJzdWIiOiAiODNiMzAifQ.signature") == "83b30"
