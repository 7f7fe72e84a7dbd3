"""New jobs written with a receipt, or many at once; and the receipts themselves.

A job and its receipt are one transaction. It costs twice the units of the items, not of the index entries, and saves
a second round trip. A batch is one transaction too: one call for a hundred jobs, each on the condition that it is not
there, so that a repeated call cannot undo what became of a job meanwhile, as BatchWriteItem's would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdas.adapters.attribute_values import Values, item_size
from lambdas.adapters.dynamodb_table import ConditionalPut, ConditionFailed, DynamoDbTable, Key, TransactionRefused
from lambdas.jobs.errors import DamagedItem, JobExists, ReceiptFound, StoreUnavailable
from lambdas.jobs.receipt import KEPT_MS, Receipt, RequestKey

if TYPE_CHECKING:
    from lambdas.adapters.stored_requests import StoredRequests
    from lambdas.jobs.job import Job

LARGEST_TRANSACTION = 100
"""Items (AWS limit)."""

LARGEST_TRANSACTION_BYTES = 3_500_000
"""Of 4 MB (AWS limit), with room for what is counted otherwise there."""

_NEW = "attribute_not_exists(#pk)"
_UNUSED = "attribute_not_exists(#pk) OR #made_at <= :lapsed"


def add_once(table: DynamoDbTable, requests: StoredRequests, job: Job, receipt: Receipt) -> Job:
    """Store a new job and the receipt of its key together. Raises ReceiptFound."""
    item, job = requests.lay_down(job)
    try:
        table.put_together([ConditionalPut(item, _NEW), _put_of(receipt)])
    except TransactionRefused as refused:
        found = _receipt_from(refused.found[1], receipt.key) if 1 in refused.found else None
        if found != receipt:  # else the reply to this very write was lost
            requests.take_back(job, refused.found.get(0))
            raise (JobExists(job.id) if found is None else ReceiptFound(found)) from refused
    return job


def add_all(table: DynamoDbTable, requests: StoredRequests, jobs: Sequence[Job]) -> Sequence[Job | JobExists | None]:
    """Store new jobs in as few transactions as their number and size allow; None for those of one that failed,
    JobExists for those that were there.

    Raises StoreUnavailable if not even the first was written.
    """
    laid = requests.lay_down_all(jobs)
    new: list[bool] = []
    for batch in _transactions([item for item, _ in laid]):
        try:
            new += _put_new(table, batch)
        except StoreUnavailable:
            if not new:
                raise
            break
    stored = [job if is_new else JobExists(job.id) for is_new, (_, job) in zip(new, laid, strict=False)]
    return [*stored, *[None] * (len(laid) - len(stored))]


def keep(table: DynamoDbTable, receipt: Receipt) -> None:
    """Store a receipt alone. Raises ReceiptFound."""
    item, condition, values = _put_of(receipt)
    try:
        table.put(item, condition, values)
    except ConditionFailed as failed:
        found = _receipt_from(failed.found, receipt.key)
        if found != receipt:  # else the reply to this very write was lost
            raise ReceiptFound(found) from failed


def receipt(table: DynamoDbTable, key: RequestKey, *, now_ms: int) -> Receipt | None:
    """What the key was used for, unless that was too long ago."""
    item = table.get(_key_of(key))
    found = _receipt_from(item, key) if item else None
    return None if found is None or found.has_lapsed(now_ms) else found


def _put_new(table: DynamoDbTable, items: Sequence[Values]) -> Sequence[bool]:
    """Write items that are not there yet, and say of each whether it is one of these; what is there stays."""
    try:
        table.put_together([ConditionalPut(item, _NEW) for item in items])
    except TransactionRefused as refused:
        rest = [item for place, item in enumerate(items) if place not in refused.found]
        new = iter(_put_new(table, rest) if rest else ())
        return [place not in refused.found and next(new) for place in range(len(items))]
    return [True] * len(items)


def _transactions(items: Sequence[Values]) -> Iterator[Sequence[Values]]:
    batch: list[Values] = []
    size = 0
    for item in items:
        size += item_size(item)
        if batch and (len(batch) == LARGEST_TRANSACTION or size > LARGEST_TRANSACTION_BYTES):
            yield batch
            batch, size = [], item_size(item)
        batch.append(item)
    if batch:
        yield batch


def _key_of(key: RequestKey) -> Key:
    return f"OWNER#{key.owner}", f"IDEMPOTENCY#{key.digest}"


def _put_of(receipt: Receipt) -> ConditionalPut:
    pk, sk = _key_of(receipt.key)
    item = {
        "pk": pk,
        "sk": sk,
        "content": receipt.key.content,
        "job_ids": list(receipt.job_ids),
        "made_at": receipt.made_at_ms,
        # Time to live deletes late, by days perhaps: it is the condition that ends a key's life on time.
        "expires_at": (receipt.made_at_ms + KEPT_MS) // 1000 + 1,
    }
    return ConditionalPut(item, _UNUSED, {"lapsed": receipt.made_at_ms - KEPT_MS})


def _receipt_from(item: Values | None, key: RequestKey) -> Receipt:
    try:
        if item is None:
            raise KeyError("the item")
        found = RequestKey(key.owner, key.digest, item["content"])
        return Receipt(found, tuple(item["job_ids"]), item["made_at"])
    except (KeyError, TypeError) as error:
        raise DamagedItem("/".join(_key_of(key)), f"{type(error).__name__}: {error}") from error
