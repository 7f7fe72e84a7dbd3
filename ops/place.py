"""Where a command works: a stack on AWS by its name, with the operator's own credentials, or the one of `make run`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.adapters.dynamodb_counters import DynamoDbCounters
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.adapters.dynamodb_table import DynamoDbTable
from lambdas.adapters.sqs_job_queue import SqsJobQueue
from lambdas.jobs.errors import PunctualError
from local import aws, paths

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient

RETENTION_MS = 30 * 86_400_000
"""How long what is stored beside a job outlives it, at least; finished jobs are kept as long as their stage says."""

EPILOG = "Works on the stack of `make run`, unless --stack names one on AWS: in the account and region of your profile."


class NotHere(Exception):
    """There is no such stack, or no way to it; the text says what to do."""


@dataclass(frozen=True)
class Place:
    """A stack's table and queues, and what calls them."""

    title: str
    dynamodb: DynamoDBClient
    sqs: SQSClient
    table_name: str
    jobs_url: str
    dead_letters_url: str

    @property
    def table(self) -> DynamoDbTable:
        return DynamoDbTable(self.dynamodb, self.table_name)

    @property
    def store(self) -> DynamoDbJobStore:
        return DynamoDbJobStore(self.dynamodb, self.table_name, retention_ms=RETENTION_MS)

    @property
    def counters(self) -> DynamoDbCounters:
        return DynamoDbCounters(self.dynamodb, self.table_name)

    @property
    def queue(self) -> SqsJobQueue:
        return SqsJobQueue(self.sqs, jobs_url=self.jobs_url)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


Work = Callable[[Place, argparse.Namespace], int]


def parser(module: str, description: str | None, examples: str) -> argparse.ArgumentParser:
    """What every command takes. `examples` are lines of a shell."""
    made = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        epilog=f"examples:\n{examples}\n\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--stack", metavar="NAME", help="a stack on AWS, such as Punctual-prod (default: that of make run)"
    )
    made.add_argument("--profile", help="a profile of your AWS configuration")
    made.add_argument("--region", help="a region of AWS (default: the profile's)")
    return made


def run(work: Work, options: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> int:
    """Find the place, do the work there, and turn what can go wrong into a sentence. Returns the exit status."""
    given = options.parse_args(arguments)
    try:
        place = find(given)
        print(f"In {place.title}.", file=sys.stderr)
        return work(place, given)
    except (NotHere, PunctualError) as error:
        print(error, file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"AWS refused: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. What was done is done; the same command goes on from there.", file=sys.stderr)
        return 130
    return 1


def find(given: argparse.Namespace) -> Place:
    """The place that the options name. Raises NotHere."""
    if given.stack is None:
        return local_place(Path(os.environ.get("PUNCTUAL_STATE") or paths.LOCAL) / "stack.json")
    session = boto3.Session(profile_name=given.profile, region_name=given.region)
    stacks = session.client("cloudformation").describe_stacks(StackName=given.stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", ())}
    return stack_place(given.stack, outputs, session)


def stack_place(name: str, outputs: Mapping[str, str], session: boto3.Session) -> Place:
    """The stack on AWS with these outputs. Raises NotHere."""
    try:
        return Place(
            title=f"the stack {name} in {session.region_name}",
            dynamodb=session.client("dynamodb"),
            sqs=session.client("sqs"),
            table_name=outputs["TableName"],
            jobs_url=outputs["JobsQueueUrl"],
            dead_letters_url=outputs["DeadLettersUrl"],
        )
    except KeyError as missing:
        raise NotHere(f"The stack {name} has no output {missing}: it is not one of Punctual.") from missing


def local_place(stack_file: Path) -> Place:
    """The running stack that `stack_file` describes. Raises NotHere."""
    try:
        stack = json.loads(stack_file.read_text())
    except FileNotFoundError as error:
        raise NotHere(
            f"No local stack runs ({stack_file} is not there): `make run`, or name one with --stack."
        ) from error
    endpoint_url = stack["aws_endpoint_url"]
    return Place(
        title=f"the local stack on {endpoint_url}",
        dynamodb=aws.client("dynamodb", endpoint_url),
        sqs=aws.client("sqs", endpoint_url),
        table_name=stack["table"],
        jobs_url=stack["queues"]["jobs"],
        dead_letters_url=stack["queues"]["dead_letters"],
    )
