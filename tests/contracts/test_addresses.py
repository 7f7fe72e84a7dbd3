"""What every place of mailboxes does: none is used that has not been confirmed, and each belongs to one owner."""

from __future__ import annotations

from tests.contracts.mailboxes import AddressesUnderTest

EMAIL = "ada@example.com"


def test_an_address_is_confirmed_after_its_link_was_followed(mailboxes: AddressesUnderTest) -> None:
    """Not before it was asked for."""
    assert not mailboxes.addresses.is_confirmed("ada", EMAIL)
    mailboxes.addresses.ask("ada", EMAIL)
    mailboxes.confirm("ada", EMAIL)
    assert mailboxes.addresses.is_confirmed("ada", EMAIL)


def test_an_address_is_not_confirmed_by_being_asked_for(mailboxes_that_wait: AddressesUnderTest) -> None:
    """However often."""
    for _ in range(2):
        mailboxes_that_wait.addresses.ask("ada", EMAIL)
        assert not mailboxes_that_wait.addresses.is_confirmed("ada", EMAIL)


def test_one_that_has_unsubscribed_is_not_confirmed_until_it_is_anew(mailboxes_that_wait: AddressesUnderTest) -> None:
    """It can be asked again."""
    mailboxes = mailboxes_that_wait
    mailboxes.addresses.ask("ada", EMAIL)
    mailboxes.confirm("ada", EMAIL)
    mailboxes.unsubscribe("ada", EMAIL)
    assert not mailboxes.addresses.is_confirmed("ada", EMAIL)
    mailboxes.addresses.ask("ada", EMAIL)
    assert not mailboxes.addresses.is_confirmed("ada", EMAIL)
    mailboxes.confirm("ada", EMAIL)
    assert mailboxes.addresses.is_confirmed("ada", EMAIL)


def test_an_address_belongs_to_who_asked_for_it(mailboxes: AddressesUnderTest) -> None:
    """T5: another owner has to have it confirmed too, and so has each address; none is mistaken for another."""
    mailboxes.addresses.ask("ada", EMAIL)
    mailboxes.confirm("ada", EMAIL)
    assert not mailboxes.addresses.is_confirmed("bob", EMAIL)
    assert not mailboxes.addresses.is_confirmed("ada", "ada@example.org")
    assert not mailboxes.addresses.is_confirmed("a", f"da{EMAIL}")
    mailboxes.addresses.forget("bob", EMAIL)
    assert mailboxes.addresses.is_confirmed("ada", EMAIL)


def test_asking_again_changes_nothing(mailboxes: AddressesUnderTest) -> None:
    """Whether it waits or is confirmed."""
    mailboxes.addresses.ask("ada", EMAIL)
    mailboxes.addresses.ask("ada", EMAIL)
    mailboxes.confirm("ada", EMAIL)
    mailboxes.addresses.ask("ada", EMAIL)
    assert mailboxes.addresses.is_confirmed("ada", EMAIL)


def test_what_is_forgotten_must_be_confirmed_anew(mailboxes: AddressesUnderTest) -> None:
    """Forgetting what is not known is fine."""
    mailboxes.addresses.forget("ada", EMAIL)
    mailboxes.addresses.ask("ada", EMAIL)
    mailboxes.confirm("ada", EMAIL)
    mailboxes.addresses.forget("ada", EMAIL)
    assert not mailboxes.addresses.is_confirmed("ada", EMAIL)
    mailboxes.addresses.forget("ada", EMAIL)


def test_addresses_of_any_owner_and_length_have_their_place(mailboxes: AddressesUnderTest) -> None:
    """A topic has a name of at most 256 letters, digits, hyphens and underscores."""
    email = f"{'a' * 60}+tag{'#'}@{'b' * 60}.example.com"
    for owner in ("auth0|64 x/é", "o" * 500):
        mailboxes.addresses.ask(owner, email)
        mailboxes.confirm(owner, email)
        assert mailboxes.addresses.is_confirmed(owner, email)
