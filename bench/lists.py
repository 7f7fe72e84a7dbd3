"""What a page of a list reads when its owner has a hundred thousand jobs, beside what it reads with a thousand.

Counted by Amazon's DynamoDB Local, which bills reads as AWS does; it needs Java and Maven. The kinds of lists are those
of `tests/contracts/test_list_reads.py`, which holds them to one price with fewer jobs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.figures import Figure, Part
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from local import aws
from local.emulator import REGION
from local.progress import RunFailed
from tests.contracts.aws_places import client, make_table
from tests.contracts.dynamodb_local.running import NotHere, running
from tests.contracts.many_jobs import ManyJobs, Reads, kinds_of_lists
from tests.examples import RETENTION_MS

FEW, MANY = 1_000, 100_000
QUICK = 2_000
LIMIT = 50
"""Jobs on a page, where nobody says otherwise."""


def measure(quick: bool) -> Part:
    """Count. Storing a hundred thousand jobs takes a minute. Raises RunFailed."""
    aws.forget_real_aws(os.environ)
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "log") as endpoint_url:
            dynamodb = client("dynamodb", endpoint_url)
            table = make_table(dynamodb)
            jobs = ManyJobs(dynamodb, table)
            few = _counted(jobs, dynamodb, table, FEW)
            many = _counted(jobs, dynamodb, table, QUICK if quick else MANY)
    except NotHere as reason:
        raise RunFailed(f"Lists are counted by DynamoDB Local: {reason}") from reason
    return Part(tuple(_figure(name, many[name], few[name]) for name in few))


def _counted(jobs: ManyJobs, dynamodb: Any, table: str, total: int) -> Mapping[str, Reads]:
    jobs.grow_to(total)
    store = DynamoDbJobStore(dynamodb, table, retention_ms=RETENTION_MS)
    kinds = kinds_of_lists(total, limit=LIMIT)
    return {name: kind.read_by(store, dynamodb) for name, kind in kinds.items()}


def _figure(name: str, many: Reads, few: Reads) -> Figure:
    """Calls and read units of a page of this kind; the floor is what it takes with few jobs."""
    return Figure(f"list-{name}", name, "calls / units", (many.calls, many.units), floor=(few.calls, few.units))
