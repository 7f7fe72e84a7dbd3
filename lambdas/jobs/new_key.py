"""What owners do with their API keys: make them, look at them, revoke them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.jobs.due_time import LONGEST_DELAY_SECONDS, instant_ms, read_time
from lambdas.jobs.errors import (
    Fault,
    KeyExists,
    KeyNotFound,
    KeyReused,
    KeysFull,
    QuotaExceeded,
    ReceiptFound,
    RequestRefused,
    ValueRefused,
)
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.keys import MOST_KEYS, SCOPES, ApiKey, hash_of, is_key_id, key_text
from lambdas.jobs.limits import Meter
from lambdas.jobs.receipt import Receipt

if TYPE_CHECKING:
    from lambdas.jobs.ports import JobStore, KeyStore
    from lambdas.jobs.receipt import RequestKey

ROOM_AGAIN_SECONDS = 3_600
"""When to look again at a limit that only the owner can make room under, or a key's end."""

LONGEST_NAME = 200

_RIGHT = {
    "name": f"a string of 1 to {LONGEST_NAME} characters, to know the key by",
    "scopes": f"a list of one or more of {', '.join(SCOPES)}, each once",
    "expires_at": "null for never, or an RFC 3339 time with its offset, such as 2027-01-01T00:00:00Z",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a document asks a key to be. Times are epoch milliseconds."""

    name: str
    scopes: tuple[str, ...]
    expires_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Randomness:
    """What nobody could guess: an id (16 hexadecimal digits) and a secret (at most 256 bits)."""

    key_id: str
    secret: int


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key, and its text if this request made it; one that was made before is not shown again."""

    key: ApiKey
    text: str | None


def make_key(
    document: Mapping[str, Any],
    *,
    owner: str,
    allowed: Collection[str],
    once: RequestKey | None,
    keys: KeyStore,
    receipts: JobStore,
    randomness: Randomness,
    now_ms: int,
) -> MadeKey:
    """Make the key that a document asks for. Its text is in what is returned, and kept nowhere.

    `allowed` are the scopes of whoever asks: nobody gives away more than they have. With an Idempotency-Key (`once`)
    the receipt is kept first and names the key's id: whoever finds it answers with the key of this id, or makes it if
    the first who came died before. Raises RequestRefused: 422, 403 or 429.
    """
    try:
        asked = _read_allowed(document, owner=owner, allowed=allowed, keys=keys, now_ms=now_ms)
    except RequestRefused:  # an end that lay ahead when the first request came may be past by now
        receipt = None if once is None else receipts.receipt(once, now_ms=now_ms)
        earlier = None if receipt is None or receipt.key != once else _own(receipt.job_ids[0], owner, keys)
        if earlier is None:
            raise
        return MadeKey(earlier, None)
    key_id = randomness.key_id
    if once is not None:
        key_id, earlier = _id_kept(Receipt(once, (key_id,), now_ms), receipts, keys)
        if earlier is not None:
            return MadeKey(earlier, None)
    text = key_text(key_id, randomness.secret)
    key = ApiKey(key_id, owner, asked.name, asked.scopes, now_ms, hash_of(text), asked.expires_at_ms)
    try:
        keys.add(key)
    except KeyExists:  # a rival with the same Idempotency-Key was faster
        earlier = _own(key_id, owner, keys)
        if once is None or earlier is None:
            raise
        return MadeKey(earlier, None)
    except KeysFull as full:  # rivals took the last places after we had looked
        raise _no_room() from full
    return MadeKey(key, text)


def _id_kept(receipt: Receipt, receipts: JobStore, keys: KeyStore) -> tuple[str, ApiKey | None]:
    """The id that the receipt of this Idempotency-Key names, kept now or before; and the key, if it was made then."""
    try:
        receipts.keep(receipt)
    except ReceiptFound as found:
        if found.receipt.key != receipt.key:
            raise KeyReused from found
        (key_id,) = found.receipt.job_ids
        return key_id, _own(key_id, receipt.key.owner, keys)
    return receipt.job_ids[0], None


def _own(key_id: str, owner: str, keys: KeyStore) -> ApiKey | None:
    key = keys.find(key_id)
    return key if key is not None and key.owner == owner else None


def _read_allowed(
    document: Mapping[str, Any], *, owner: str, allowed: Collection[str], keys: KeyStore, now_ms: int
) -> Asked:
    """What a document asks for, if the caller may have it."""
    asked = read_asked(document, now_ms=now_ms)
    if missing := [scope for scope in asked.scopes if scope not in allowed]:
        message = f"Your own token lacks {', '.join(missing)}, so it cannot make a key that has it."
        raise RequestRefused(403, "Forbidden", [Fault("scopes", "forbidden", message)])
    if len(keys.of_owner(owner)) >= MOST_KEYS:  # asked here so that what is refused leaves no receipt
        raise _no_room()
    return asked


def _no_room() -> QuotaExceeded:
    message = f"You have {MOST_KEYS} API keys, which is the most. Revoke one that you no longer use."
    meter = Meter("api-keys", MOST_KEYS, 0)
    return QuotaExceeded("document", message, retry_after_seconds=ROOM_AGAIN_SECONDS, meter=meter)


def revoke_key(key_id: str, *, owner: str, keys: KeyStore) -> None:
    """Revoke an owner's key. Raises KeyNotFound."""
    if not (is_key_id(key_id) and keys.revoke(key_id, owner=owner)):
        raise KeyNotFound


def shown_key(key: ApiKey) -> dict[str, Any]:
    """A key as the API shows it: all but what opens it."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "created_at": rfc3339(key.created_at_ms),
        "expires_at": None if key.expires_at_ms is None else rfc3339(key.expires_at_ms),
        "last_used_at": None if key.last_used_at_ms is None else rfc3339(key.last_used_at_ms),
    }


def read_asked(document: Mapping[str, Any], *, now_ms: int) -> Asked:
    """What a document asks for. Raises RequestRefused (422) with all its faults."""
    there_are = f"There is no such field; there are {', '.join(_RIGHT)}."
    faults = [Fault(field[:200], "unknown_field", there_are) for field in document if field not in _RIGHT]
    for field, code in (("name", _fault_of_name), ("scopes", _fault_of_scopes)):
        if found := "required" if field not in document else code(document[field]):
            faults.append(Fault(field, found, f"{field} must be {_RIGHT[field]}."))
    expires_at_ms = None
    try:
        expires_at_ms = _expiry(document.get("expires_at"), now_ms)
    except ValueRefused as refused:
        faults.append(Fault("expires_at", refused.code, refused.message))
    if faults:
        raise RequestRefused(422, "Invalid request", faults)
    return Asked(document["name"], tuple(document["scopes"]), expires_at_ms)


def _fault_of_name(value: Any) -> str | None:
    if not isinstance(value, str):
        return "type"
    return None if value.strip() and len(value) <= LONGEST_NAME else "range"


def _fault_of_scopes(value: Any) -> str | None:
    if not (isinstance(value, list) and all(isinstance(scope, str) for scope in value)):
        return "type"
    return None if value and set(value) <= SCOPES.keys() and len(set(value)) == len(value) else "range"


def _expiry(value: Any, now_ms: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueRefused("type", f"expires_at must be {_RIGHT['expires_at']}.")
    written = read_time(value, local=False)
    if written.offset is None:
        raise ValueRefused("at_offset_required", "Add the time's offset, such as Z.")
    expires_at_ms = instant_ms(written.wall, written.offset)
    if expires_at_ms <= now_ms:
        raise ValueRefused("at_past", f"The time is past; it is {rfc3339(now_ms)} now.")
    if expires_at_ms > now_ms + LONGEST_DELAY_SECONDS * 1000:
        raise ValueRefused("at_too_far", "The time must be within 100 years; null is for never.")
    return expires_at_ms
