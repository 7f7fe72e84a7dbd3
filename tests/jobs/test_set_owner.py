"""What owners set for all their jobs, and the addresses that have to be confirmed first (T9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.errors import AlertsUnavailable, DamagedSettings, QuotaExceeded, RequestRefused, StoreUnavailable
from lambdas.jobs.job import Notify
from lambdas.jobs.owner import ASKED_AGAIN_MS, DAY_MS, MOST_ADDRESSES, MOST_ASKED_A_DAY, Address, OwnerSettings
from lambdas.jobs.set_owner import change_settings, confirmed_among, seen_now
from tests.fakes import NOW_MS, FakeAddresses, FakeOwners

ADA = "ada@example.com"


class Office:
    """Owners, their mailboxes, and a clock."""

    def __init__(self) -> None:
        self.owners = FakeOwners()
        self.addresses = FakeAddresses()
        self.now_ms = NOW_MS

    def change(self, owner: str = "ada", **notify: Any) -> OwnerSettings:
        return self.patch({"notify": notify}, owner=owner)

    def patch(self, document: Any, *, owner: str = "ada") -> OwnerSettings:
        return change_settings(owner, document, store=self.owners, addresses=self.addresses, now_ms=self.now_ms)

    def seen(self) -> OwnerSettings:
        return seen_now("ada", store=self.owners, addresses=self.addresses)

    def refused(self, document: Any) -> list[tuple[str, str]]:
        with pytest.raises(RequestRefused) as refused:
            self.patch(document)
        assert refused.value.status == 422
        return [(fault.field, fault.code) for fault in refused.value.faults]

    def may_use(self, email: str, *, owner: str = "ada") -> bool:
        return confirmed_among(owner, store=self.owners, addresses=self.addresses)(email)

    def confirm(self, email: str) -> None:
        self.change(email=email)
        self.addresses.confirm("ada", email)


@pytest.fixture
def office() -> Office:
    return Office()


class TestSetting:
    def test_what_is_set_is_kept(self, office: Office) -> None:
        """A merge patch: what it does not name stays."""
        office.change(on=["succeeded"])
        assert office.change(email=ADA).notify == Notify(("succeeded",), ADA)
        assert office.change(on=[]).notify == Notify((), ADA)
        assert office.change(email=None).notify == Notify(())
        assert office.change(on=None).notify == Notify()
        assert office.owners.read("ada").notify == Notify()

    def test_null_sets_all_of_it_back_and_keeps_the_addresses(self, office: Office) -> None:
        """They were confirmed, and may be named again."""
        office.change(on=[], email=ADA)
        after = office.patch({"notify": None})
        assert after.notify == Notify()
        assert after.addresses == (Address(ADA, asked_ms=NOW_MS),)

    def test_nothing_to_change_writes_nothing(self, office: Office) -> None:
        """An empty patch."""
        assert office.patch({}) == office.change() == OwnerSettings()

    def test_of_two_changes_at_once_both_hold(self, office: Office) -> None:
        """Whoever comes second looks again."""

        def rival() -> None:
            office.change(on=["succeeded"])

        office.owners.before["write"] = rival
        assert office.change(email=ADA).notify == Notify(("succeeded",), ADA)

    def test_all_faults_are_told_at_once(self, office: Office) -> None:
        """And nothing is changed, nor any link sent."""
        faults = office.refused(
            {"name": 1, "notify": {"on": ["done"], "email": "ada", "addresses": {"x": 1}, "e-mail": ADA}}
        )
        assert set(faults) == {
            ("name", "unknown_field"),
            ("notify.e-mail", "unknown_field"),
            ("notify.on", "range"),
            ("notify.email", "type"),
            ("notify.addresses", "type"),
        }
        assert office.owners.read("ada") == OwnerSettings()
        assert office.addresses.links == []

    @pytest.mark.parametrize(
        ("notify", "fault"),
        [
            (["failed"], ("notify", "type")),
            ({"on": "failed"}, ("notify.on", "type")),
            ({"on": [1]}, ("notify.on", "type")),
            ({"on": ["failed", "failed"]}, ("notify.on", "range")),
            ({"email": 1}, ("notify.email", "type")),
            ({"email": "ada@example.com\r\nBcc: all@example.com"}, ("notify.email", "type")),
            ({"addresses": [ADA]}, ("notify.addresses", "type")),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, office: Office, notify: Any, fault: tuple[str, str]) -> None:
        """Each with the field that is wrong."""
        assert office.refused({"notify": notify}) == [fault]


class TestAddresses:
    def test_an_address_is_asked_for_and_used_only_when_confirmed(self, office: Office) -> None:
        """Nobody can have mail sent to a stranger."""
        assert office.change(email="ada@EXAMPLE.com").addresses == (Address(ADA, asked_ms=NOW_MS),)
        assert office.addresses.links == [("ada", ADA)]
        assert not office.may_use(ADA)
        office.addresses.confirm("ada", ADA)
        assert office.may_use(ADA)
        assert office.owners.read("ada").addresses == (Address(ADA, True, NOW_MS),)

    def test_one_that_is_known_to_be_confirmed_is_not_asked_of_sns_again(self, office: Office) -> None:
        """So that scheduling does not depend on it; where it counts, at the sending, SNS is asked."""
        office.confirm(ADA)
        assert office.may_use(ADA)
        office.addresses.down = True
        assert office.may_use(ADA)

    def test_an_address_belongs_to_one_owner(self, office: Office) -> None:
        """Another's confirmation is none of mine."""
        office.confirm(ADA)
        assert not office.may_use(ADA, owner="bob")
        office.change("bob", email=ADA)
        assert not office.may_use(ADA, owner="bob")

    def test_looking_shows_what_has_become_of_addresses(self, office: Office) -> None:
        """Confirmed since, or unsubscribed since; and notes it."""
        for confirmed, happens in ((True, office.addresses.confirm), (False, office.addresses.unsubscribe)):
            office.change(email=ADA)
            happens("ada", ADA)
            assert office.seen().addresses == office.owners.read("ada").addresses == (Address(ADA, confirmed, NOW_MS),)
            assert office.may_use(ADA) is confirmed

    def test_looking_works_while_sns_does_not(self, office: Office) -> None:
        """Then it shows what was seen last."""
        office.confirm(ADA)
        office.addresses.down = True
        assert office.seen().addresses == (Address(ADA, False, NOW_MS),)

    def test_an_address_is_looked_up_once_for_a_request_of_many_jobs(self, office: Office) -> None:
        """A batch of a hundred costs one read and one question, also when the answer is no."""
        office.change(email=ADA)
        confirmed = confirmed_among("ada", store=office.owners, addresses=office.addresses)
        assert not confirmed(ADA)
        office.owners.down = office.addresses.down = True
        assert not confirmed(ADA)
        assert not confirmed("bob@example.com")

    def test_setting_a_confirmed_address_again_sends_no_mail(self, office: Office) -> None:
        """Whoever reads it has said yes."""
        office.confirm(ADA)
        office.change(email=None)
        office.now_ms += ASKED_AGAIN_MS
        assert office.change(email=ADA).notify.email == ADA
        assert len(office.addresses.links) == 1

    def test_an_address_that_waits_is_sent_another_link_ten_minutes_later(self, office: Office) -> None:
        """Not sooner: a request that is repeated sends one mail and counts once."""
        office.change(email=ADA)
        office.now_ms += ASKED_AGAIN_MS - 1
        assert len(office.change(email=ADA, on=[]).asked_ms) == len(office.addresses.links) == 1
        office.now_ms += 1
        assert len(office.change(email=ADA).asked_ms) == len(office.addresses.links) == 2

    def test_an_address_that_has_unsubscribed_can_be_asked_again(self, office: Office) -> None:
        """Though it was noted as confirmed."""
        office.confirm(ADA)
        assert office.may_use(ADA)
        office.addresses.unsubscribe("ada", ADA)
        office.now_ms += ASKED_AGAIN_MS
        office.change(email=ADA)
        assert len(office.addresses.links) == 2

    def test_an_address_that_is_taken_away_is_used_no_more(self, office: Office) -> None:
        """Nor as the default; taking it away twice is fine."""
        office.confirm(ADA)
        for _ in range(2):
            after = office.change(addresses={ADA: None})
            assert (after.addresses, after.notify.email) == ((), None)
        assert not office.may_use(ADA)
        assert not office.addresses.is_confirmed("ada", ADA)

    def test_there_are_at_most_five(self, office: Office) -> None:
        """The next one is refused, and told how to make room."""
        for number in range(MOST_ADDRESSES):
            office.change(email=f"ada{number}@example.com")
            office.now_ms += DAY_MS
        assert office.refused({"notify": {"email": ADA}}) == [("notify.email", "range")]
        assert len(office.addresses.links) == MOST_ADDRESSES
        office.change(email=ADA, addresses={"ada0@example.com": None})
        assert office.addresses.links[-1] == ("ada", ADA)

    def test_at_most_five_links_are_sent_in_a_day(self, office: Office) -> None:
        """T9: also if addresses are taken away in between."""
        for number in range(MOST_ASKED_A_DAY):
            office.change(email=f"stranger{number}@example.com")
            office.change(addresses={f"stranger{number}@example.com": None})
            office.now_ms += 1_000
        with pytest.raises(QuotaExceeded) as refused:
            office.change(email=ADA)
        assert (refused.value.status, refused.value.code) == (429, "quota_exceeded")
        assert len(office.addresses.links) == MOST_ASKED_A_DAY
        office.now_ms += refused.value.retry_after_seconds * 1000
        office.change(email=ADA)
        assert office.addresses.links[-1] == ("ada", ADA)

    def test_a_link_that_could_not_be_sent_can_be_asked_for_again_and_does_not_count(self, office: Office) -> None:
        """Else clients that repeat themselves while SNS is away would use up the day's links."""
        office.addresses.down = True
        with pytest.raises(AlertsUnavailable):
            office.change(email=ADA)
        office.addresses.down = False
        assert office.change(email=ADA).asked_ms == (NOW_MS,)
        assert office.addresses.links == [("ada", ADA)]

    def test_a_link_that_may_not_have_been_sent_counts_if_that_cannot_be_noted(self, office: Office) -> None:
        """The table went away as well. The failure that is told is the first."""

        def table_goes() -> None:
            office.owners.down = True

        office.addresses.down = True
        office.owners.after["write"] = table_goes
        with pytest.raises(AlertsUnavailable):
            office.change(email=ADA)
        office.owners.down = office.addresses.down = False
        assert office.change(email=ADA).asked_ms == (NOW_MS,)
        assert office.addresses.links == []
        office.now_ms += ASKED_AGAIN_MS
        assert len(office.change(email=ADA).asked_ms) == 2

    def test_an_address_that_sns_does_not_take_is_not_kept(self, office: Office) -> None:
        """It would take a place for ever."""
        assert office.refused({"notify": {"email": "ada@refused.example"}}) == [("notify.email", "type")]
        after = office.owners.read("ada")
        assert (after.addresses, after.notify.email, len(after.asked_ms)) == ((), None, 1)

    def test_settings_that_others_keep_changing_are_left_alone(self, office: Office) -> None:
        """The user is told to come again."""
        office.owners.before["write"] = _rival_of(office)
        with pytest.raises(StoreUnavailable):
            office.change(on=[])


def _rival_of(office: Office) -> Callable[[], None]:
    """Somebody who changes the settings just before each write."""

    def rival() -> None:
        current = office.owners.read("ada")
        office.owners.write("ada", replace(current, version=current.version + 1))
        office.owners.before["write"] = rival

    return rival


class TestDamage:
    """F28: what is stored cannot be understood."""

    def test_a_rival_who_mends_it_is_not_written_over(self, office: Office) -> None:
        """Both changes hold."""
        office.change(on=["succeeded"])
        office.owners.damaged = {"ada"}
        office.owners.before["replace"] = lambda: office.change(on=[])
        office.change(email=ADA)
        assert (office.seen().notify, office.seen().version) == (Notify((), ADA), 3)

    def test_only_its_owner_mends_it(self, office: Office) -> None:
        """A look, and a job that names an address, leave it as it is."""
        office.confirm(ADA)
        office.owners.damaged = {"ada"}
        assert office.may_use(ADA)
        assert not office.may_use("other@example.com")
        with pytest.raises(DamagedSettings):
            office.seen()
        assert office.owners.damaged
