"""Changing what an owner has set (`PATCH /v1/me`), and asking whether an address of theirs may be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdas.jobs.email import canonical_email
from lambdas.jobs.errors import AddressRefused, AlertsUnavailable, DamagedSettings, StoreUnavailable
from lambdas.jobs.expecting import Confirmed, told_of
from lambdas.jobs.job import Notify
from lambdas.jobs.owner import MOST_ADDRESSES, OwnerSettings
from lambdas.jobs.scheduling import Faults

if TYPE_CHECKING:
    from lambdas.jobs.ports import Addresses, OwnerStore

_TRIES = 5


def confirmed_among(owner: str, *, store: OwnerStore, addresses: Addresses, note: bool = True) -> Confirmed:
    """Says of an address whether it is one of the owner's and confirmed.

    SNS is asked until it is, and that is noted, unless nothing is to be written (`note`). What was looked up is
    remembered, however many jobs of a request name the address: ask with a new one for each request.
    """
    settings = cache(lambda: store.read(owner))

    @cache
    def confirmed(email: str) -> bool:
        try:
            address = settings().address(email)
        except DamagedSettings:  # what SNS has is whole: jobs with an address go on while their owner's settings do not
            return addresses.is_confirmed(owner, email)
        if address is None or address.confirmed:
            return address is not None
        if addresses.is_confirmed(owner, email):
            if note:
                _changed(owner, lambda current: current.seen(email, confirmed=True), store=store)
            return True
        return False

    return confirmed


def seen_now(owner: str, *, store: OwnerStore, addresses: Addresses) -> OwnerSettings:
    """The owner's settings, with what has become of their addresses; as it was last seen where that cannot be told.

    Raises DamagedSettings.
    """
    settings = store.read(owner)
    changes: dict[str, bool] = {}
    with suppress(AlertsUnavailable):
        for each in settings.addresses:
            confirmed = addresses.is_confirmed(owner, each.email)
            if confirmed is not each.confirmed:
                changes[each.email] = confirmed

    def note(current: OwnerSettings) -> OwnerSettings:
        for email, confirmed in changes.items():
            current = current.seen(email, confirmed=confirmed)
        return current

    return _changed(owner, note, store=store) if changes else settings


def change_settings(
    owner: str, patch: Mapping[str, Any], *, store: OwnerStore, addresses: Addresses, now_ms: int
) -> OwnerSettings:
    """Change what the owner has set, as a JSON merge patch (RFC 7396) of `GET /v1/me` says.

    Settings that cannot be understood are replaced, as if nothing had been set before: what they held nobody can say,
    and only their owner can say what they are to be. An address that is not confirmed is sent a link. It is noted
    before it is asked for, so that no failure in between lets anybody ask without being counted. Raises RequestRefused
    with all faults, QuotaExceeded, and Unavailable.
    """
    wanted = _Wanted.of(patch)
    with suppress(DamagedSettings):
        seen_now(owner, store=store, addresses=addresses)
    to_ask = ""

    def apply(current: OwnerSettings) -> OwnerSettings:
        nonlocal to_ask
        to_ask = ""
        for email in wanted.removed:
            current = current.without(email)
        if wanted.email is not None:
            known = current.address(wanted.email)
            if known is None or not (known.confirmed or known.waits(now_ms=now_ms)):
                to_ask = wanted.email
                current = current.asked_for(to_ask, now_ms=now_ms)
        _check_number(current)
        return replace(current, notify=wanted.applied_to(current.notify))

    changed = _changed(owner, apply, store=store, mends=True)
    for email in wanted.removed:
        addresses.forget(owner, email)
    if to_ask:
        _ask(owner, to_ask, store=store, addresses=addresses, now_ms=now_ms)
    return changed


def _ask(owner: str, email: str, *, store: OwnerStore, addresses: Addresses, now_ms: int) -> None:
    try:
        addresses.ask(owner, email)
    except AddressRefused:
        _changed(owner, lambda current: current.without(email), store=store)
        faults = Faults()
        faults.add("notify.email", "type", "notify.email must be an address that mail can be sent to.")
        faults.refuse_if_any()
    except AlertsUnavailable:
        with suppress(StoreUnavailable):  # then it counts, and the next link can be asked for in ten minutes
            _changed(owner, lambda current: current.not_asked(email, asked_ms=now_ms), store=store)
        raise


def _check_number(settings: OwnerSettings) -> None:
    if len(settings.addresses) > MOST_ADDRESSES:
        faults = Faults()
        message = (
            f"At most {MOST_ADDRESSES} addresses can be kept. Take one away with "
            '{"notify": {"addresses": {"<address>": null}}}.'
        )
        faults.add("notify.email", "range", message)
        faults.refuse_if_any()


def _changed(
    owner: str, change: Callable[[OwnerSettings], OwnerSettings], *, store: OwnerStore, mends: bool = False
) -> OwnerSettings:
    """Write what a change makes of the settings, made anew if others write at the same time.

    If it `mends`, what cannot be understood is taken for nothing and replaced; else DamagedSettings is raised.
    """
    for _ in range(_TRIES):
        try:
            before = store.read(owner)
        except DamagedSettings as damaged:
            if not mends:
                raise
            after = replace(change(OwnerSettings()), version=(damaged.version or 0) + 1)
            if store.replace(owner, after, damaged):
                return after
            continue
        after = change(before)
        if after == before:
            return before
        after = replace(after, version=before.version + 1)
        if store.write(owner, after):
            return after
    raise StoreUnavailable("the owner's settings are being changed by others")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A patch that has been judged. `on` is None to leave it; `sets_email` says whether `email` is to be set."""

    on: tuple[str, ...] | None
    sets_email: bool
    email: str | None
    removed: tuple[str, ...]

    def applied_to(self, notify: Notify) -> Notify:
        return Notify(
            notify.on if self.on is None else self.on,
            self.email if self.sets_email else notify.email,
        )

    @classmethod
    def of(cls, patch: Mapping[str, Any]) -> _Wanted:
        """Raises RequestRefused (422) with all that is wrong with the patch."""
        faults = Faults()
        for name in patch:
            if name != "notify":
                faults.add(name[:200], "unknown_field", "There is no such field to set; those there are: notify.")
        notify = patch.get("notify", {})
        if notify is None:
            notify = {"on": None, "email": None}
        if not isinstance(notify, dict):
            faults.add("notify", "type", "notify must be an object.")
            notify = {}
        for name in notify:
            if name not in ("on", "email", "addresses"):
                message = "There is no such field; those there are: on, email, addresses."
                faults.add(f"notify.{name}"[:200], "unknown_field", message)
        wanted = cls(
            on=_on(notify, faults) if "on" in notify else None,
            sets_email="email" in notify,
            email=_email(notify["email"], faults) if notify.get("email") is not None else None,
            removed=_removed(notify.get("addresses", {}), faults),
        )
        faults.refuse_if_any()
        return wanted


def _on(notify: Mapping[str, Any], faults: Faults) -> tuple[str, ...]:
    on = notify["on"]
    if on is None:
        return Notify().on
    if not isinstance(on, list) or not all(isinstance(end, str) for end in on):
        faults.add("notify.on", "type", "notify.on must be a list that may hold failed and succeeded.")
        return ()
    return told_of({"on": on}, faults)


def _email(given: object, faults: Faults) -> str | None:
    email = canonical_email(given) if isinstance(given, str) else None
    if email is None:
        faults.add("notify.email", "type", "notify.email must be an address such as ann@example.com, or null.")
    return email


def _removed(given: object, faults: Faults) -> tuple[str, ...]:
    if not isinstance(given, dict) or any(value is not None for value in given.values()):
        message = (
            'notify.addresses takes {"<address>": null}, which takes one away; ask for one by setting notify.email.'
        )
        faults.add("notify.addresses", "type", message)
        return ()
    return tuple(email for text in given if (email := canonical_email(text)))[: 4 * MOST_ADDRESSES]
