"""A word of its own for every field that users and targets write, and how to find it again (T7)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

ALLOWED: dict[str, set[str]] = {
    # what users write
    "url-path": {"answers", "alerts"},
    "url-query": {"answers"},
    "header-name": {"answers"},
    "header-value": {"answers"},
    "authorization-value": set(),
    "cookie-value": set(),
    "own-secret-value": set(),
    "body-text": {"answers"},
    "name": {"answers", "alerts"},
    "expect-contains": {"answers"},
    "expect-json": {"answers"},
    # how they ask
    "token": set(),
    "user-agent": set(),
    "cookie-of-caller": set(),
    "idempotency-key": set(),
    "unknown-query": set(),
    "cursor": set(),
    "request-id": {"answers", "log"},
    "path": set(),
    "email": {"answers", "addresses"},
    # what targets answer; an excerpt is in a message only while the table does not take the outcome
    "answer-header": {"trials"},
    "answer-cookie": set(),
    "answer-body": {"answers", "messages"},
}
"""Where each may be seen, beside the table and the request to the target.

`answers` are those to the owner; nothing of it is ever in those to others. `trials` are the answers of `POST /v1/test`,
which show what the target said as well, to whoever asked.
"""


def canary(field: str) -> str:
    """The field's word; the same in any form of letters, and in no other text."""
    return f"kanari-{field}-7q"


CANARIES = {field: canary(field) for field in ALLOWED}

TOLD_TO_THE_ONE_WHO_WROTE_IT = {"unknown-query in answers"}
"""A fault names the field that is wrong; the name of a query's field is what was written there."""


def document(url: str) -> dict[str, Any]:
    """A job with a word in each field; its target is at `url`, which has neither path nor query yet."""
    return {
        "url": f"{url}/{canary('url-path')}?q={canary('url-query')}",
        "headers": {
            f"x-{canary('header-name')}": canary("header-value"),
            "authorization": f"Bearer {canary('authorization-value')}",
            "cookie": f"session={canary('cookie-value')}",
            "x-own": canary("own-secret-value"),
        },
        "secret_headers": ["x-own"],
        "body": canary("body-text"),
        "name": canary("name"),
        "expect": {"body_contains": canary("expect-contains"), "json": {"a": canary("expect-json")}},
        "retry": {"max_attempts": 2, "min_backoff_seconds": 1, "max_backoff_seconds": 1},
        "notify": {"on": ["failed", "succeeded"]},
        "delay_seconds": 5,
    }


def forms(word: str) -> Iterator[str]:
    """What to look for in a text in small letters: the word as it is, and inside of any Base64."""
    yield word.lower()
    for before in range(3):  # Base64 looks different at each of three offsets
        encoded = base64.b64encode(b"x" * before + word.encode()).decode().lower()
        yield encoded[4:-4]
