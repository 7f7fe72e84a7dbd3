"""A small AWS to measure against: an emulator of our own with the table and a jobs queue, and nothing deployed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import template
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from local import aws
from local.emulator import REGION, Home, free_port, running
from tests.contracts.aws_places import client, make_table
from tests.examples import RETENTION_MS


@dataclass(frozen=True, slots=True)
class Room:
    """`dynamodb` is a client with the functions' own settings."""

    endpoint_url: str
    dynamodb: Any
    table: str
    queue_url: str

    def store(self) -> DynamoDbJobStore:
        return DynamoDbJobStore(self.dynamodb, self.table, retention_ms=RETENTION_MS)

    def environment(self) -> Mapping[str, str]:
        """What a process needs in which functions run that use this room."""
        return {
            **template.variables(),
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",  # nosec B105  # every caller's, in the emulator
            "AWS_DEFAULT_REGION": REGION,
            "PUNCTUAL_TABLE": self.table,
            "PUNCTUAL_JOBS_QUEUE_URL": self.queue_url,
            "PUNCTUAL_DEAD_LETTERS_URL": self.queue_url,
            "PUNCTUAL_PRIVATE_TARGETS": "127.0.0.1",
            "POWERTOOLS_SERVICE_NAME": "hand_off",  # of the five; the length is what costs follow from
            # Lambda sets it, traced or not, and Powertools puts it into every line of the log.
            "_X_AMZN_TRACE_ID": "Root=1-68d00a00-0c1d2e3f4a5b6c7d8e9f0a1b;Parent=53995c3f42cd8ad8;Sampled=0",
        }


@contextmanager
def room() -> Iterator[Room]:
    """Start an emulator, make a table and a queue in it, stop it at the end."""
    aws.forget_real_aws(os.environ)
    os.environ["AWS_DEFAULT_REGION"] = REGION
    with tempfile.TemporaryDirectory() as folder, running(free_port(), Home(Path(folder).resolve())) as emulator:
        dynamodb = client("dynamodb", emulator.endpoint_url)
        queue_url = client("sqs", emulator.endpoint_url).create_queue(QueueName="bench-jobs")["QueueUrl"]
        yield Room(emulator.endpoint_url, dynamodb, make_table(dynamodb), queue_url)
