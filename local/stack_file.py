"""`stack.json`: what a program needs to use the running stack. There exactly while the stack is ready."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.emulator import REGION
from local.settings import Settings
from local.user import User


def describe(settings: Settings, outputs: Mapping[str, str], user: User, inbox_url: str) -> dict[str, Any]:
    """The contents of stack.json, from the deployed stack's outputs."""
    return {
        "api_url": settings.api_url,
        "token": user.token,
        "owner": user.owner,
        "aws_endpoint_url": settings.endpoint_url,
        "region": REGION,
        "table": outputs["TableName"],
        "queues": {
            "jobs": outputs["JobsQueueUrl"],
            "dead_letters": outputs["DeadLettersUrl"],
            "alerts_inbox": inbox_url,
        },
        "topics": {"alerts": outputs["AlertsTopicArn"]},
        "console_url": None,
        "settings": settings.in_force(),
    }


def write(file: Path, contents: Mapping[str, Any]) -> None:
    """Put the file there whole, readable by its owner only: it holds a token."""
    unfinished = file.with_suffix(".unfinished")
    write_private(unfinished, json.dumps(contents, indent=2) + "\n")
    unfinished.replace(file)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    with open(file, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as private:
        private.write(text)
