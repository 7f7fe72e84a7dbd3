"""What owners do with their API keys: make them, look at them, revoke them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.jobs.due_time import LONGEST_DELAY_SECONDS, instant_ms, read_time
from lambdas.jobs.errors import Fault, KeyNotFound, QuotaExceeded, RequestRefused, ValueRefused
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.keys import SCOPES, ApiKey, hash_of, is_key_id, key_text

if TYPE_CHECKING:
    from lambdas.jobs.ports import KeyStore

MOST_KEYS = 100
"""Of one owner. Two requests at the same moment do not see each other's key, so a few more are possible."""

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


def make_key(
    document: Mapping[str, Any],
    *,
    owner: str,
    allowed: Collection[str],
    keys: KeyStore,
    randomness: Randomness,
    now_ms: int,
) -> tuple[ApiKey, str]:
    """Make the key that a document asks for, and return it with its text, which is kept nowhere.

    `allowed` are the scopes of whoever asks: nobody gives away more than they have. Raises RequestRefused: 422, 403
    or 429.
    """
    asked = read_asked(document, now_ms=now_ms)
    if missing := [scope for scope in asked.scopes if scope not in allowed]:
        message = f"Your own token lacks {', '.join(missing)}, so it cannot make a key that has it."
        raise RequestRefused(403, "Forbidden", [Fault("scopes", "forbidden", message)])
    if len(keys.of_owner(owner)) >= MOST_KEYS:
        message = f"You have {MOST_KEYS} API keys, which is the most. Revoke one that you no longer use."
        raise QuotaExceeded("document", message, retry_after_seconds=ROOM_AGAIN_SECONDS)
    text = key_text(randomness.key_id, randomness.secret)
    key = ApiKey(randomness.key_id, owner, asked.name, asked.scopes, now_ms, hash_of(text), asked.expires_at_ms)
    keys.add(key)
    return key, text


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
    written = read_time(value)
    if written.offset is None:
        raise ValueRefused("at_offset_required", "Add the time's offset, such as Z.")
    expires_at_ms = instant_ms(written.wall, written.offset)
    if expires_at_ms <= now_ms:
        raise ValueRefused("at_past", f"The time is past; it is {rfc3339(now_ms)} now.")
    if expires_at_ms > now_ms + LONGEST_DELAY_SECONDS * 1000:
        raise ValueRefused("at_too_far", "The time must be within 100 years; null is for never.")
    return expires_at_ms
