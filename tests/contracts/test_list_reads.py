"""A page of a list costs the same however many jobs its owner has: counted where AWS would bill it.

The bench counts the same at a hundred thousand jobs (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from tests.contracts.aws_places import client, make_table
from tests.contracts.many_jobs import ManyJobs, Reads, kinds_of_lists
from tests.examples import RETENTION_MS

LIMIT = 10
FEW, MORE, MANY = 100, 1_000, 10_000
LOOKED_THROUGH = 30
"""Entries of a group that a search looks through: fewer than the fewest jobs have, as 5,000 are of 100,000."""
GROUPS = 4
"""Those that a list of all is merged from."""

pytestmark = pytest.mark.emulator

Counted = Mapping[int, Mapping[str, Reads]]


@pytest.fixture(scope="module")
def counted(dynamodb_local: str) -> Counted:
    """What a page of each kind takes, by how many jobs there are."""
    dynamodb = client("dynamodb", dynamodb_local)
    table = make_table(dynamodb)
    jobs = ManyJobs(dynamodb, table)
    found: dict[int, Mapping[str, Reads]] = {}
    for total in (FEW, MORE, MANY):
        jobs.grow_to(total)
        kinds = kinds_of_lists(total, limit=LIMIT)
        store = DynamoDbJobStore(dynamodb, table, retention_ms=RETENTION_MS, look_through=LOOKED_THROUGH)
        found[total] = {name: kind.read_by(store, dynamodb) for name, kind in kinds.items()}
    return found


@pytest.mark.parametrize("kind", kinds_of_lists(FEW, limit=LIMIT))
def test_a_page_takes_the_same_reads_however_many_jobs_there_are(counted: Counted, kind: str) -> None:
    """Calls and read units: with a hundred jobs and with ten thousand."""
    assert counted[FEW][kind] == counted[MORE][kind] == counted[MANY][kind]


@pytest.mark.parametrize("kind", kinds_of_lists(FEW, limit=LIMIT))
def test_a_page_takes_a_query_for_each_group_and_a_look_at_its_jobs(counted: Counted, kind: str) -> None:
    """An entry more than a page has of each group, a unit for each job that is shown; nothing else is read.

    Where something is searched, it is 30 entries, in two queries.
    """
    reads = counted[MANY][kind]
    queries = GROUPS * (2 if "name" in kind or "host" in kind else 1)
    assert reads.calls <= queries + 1
    assert reads.units <= queries * 0.5 + LIMIT


@pytest.mark.parametrize(
    ("kind", "jobs"),
    [
        ("all", LIMIT),
        ("cancelled, of which there is one", 1),
        ("running, of which there is one, latest first", 1),
        ("a range of the rarest", 1),
        ("a range with nothing in it", 0),
        ("names that most have", LIMIT),
        ("a name that one has, among those of its status", 1),
        ("a cursor half way through what is over, latest first", LIMIT),
    ],
)
def test_what_is_rare_is_on_the_first_page(counted: Counted, kind: str, jobs: int) -> None:
    """So that what is counted is the whole price of finding it."""
    assert counted[MANY][kind].jobs == jobs
