"""What is the table's and KMS's own about signing secrets: what lies there, what opens, and what an outage is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lambdas.adapters.attribute_values import Values, from_attributes, to_attributes
from lambdas.adapters.dynamodb_signing_secrets import OPENED_FOR_MS
from lambdas.adapters.kms_seal import KmsSeal
from lambdas.jobs.errors import DamagedItem, DamagedSecret, StoreUnavailable
from lambdas.jobs.signing import KEY_BYTES, SigningSecret
from tests.contracts.aws_places import always, interrupted
from tests.contracts.conftest import EMULATOR, Vault, vault_in
from tests.fakes import NOW_MS

FIRST = SigningSecret.of_key(b"1" * KEY_BYTES, now_ms=NOW_MS)
SECOND = FIRST.rotated(b"2" * KEY_BYTES, now_ms=NOW_MS + 1)
THIRD = SigningSecret.of_key(b"3" * KEY_BYTES, now_ms=NOW_MS + 2)


@pytest.fixture(params=["moto", EMULATOR])
def vault(request: pytest.FixtureRequest) -> Vault:
    return vault_in(request.param, request)


def raw(vault: Vault, owner: str = "ada") -> Values:
    key = to_attributes({"pk": f"OWNER#{owner}", "sk": "SIGNING"})
    return from_attributes(vault.table.client.get_item(TableName=vault.table.name, Key=key)["Item"])


def found_damaged(vault: Vault) -> DamagedSecret:
    with pytest.raises(DamagedSecret) as raised:
        vault.secrets().glance("ada")
    return raised.value


def put_raw(vault: Vault, item: Values) -> None:
    vault.table.client.put_item(TableName=vault.table.name, Item=to_attributes(item))


def unreachable(**_: Any) -> None:
    raise EndpointConnectionError(endpoint_url="http://x")


class TestWhatLiesInTheTable:
    def test_no_secret_can_be_read_there(self, vault: Vault) -> None:
        """T7: not by whoever reads the table, its backups or its stream. Nor does it ever expire or go to the queue."""
        vault.secrets().write("ada", FIRST)
        vault.secrets().write("ada", SECOND)
        item = raw(vault)
        assert set(item) == {"pk", "sk", "sealed", "version", "created_at", "previous_expires_at"}
        for secret in (FIRST.current, SECOND.current):
            assert secret.removeprefix("whsec_").encode() not in item["sealed"]

    def test_what_was_copied_to_another_owner_does_not_open(self, vault: Vault) -> None:
        """The seal is bound to its owner."""
        vault.secrets().write("ada", FIRST)
        put_raw(vault, {**raw(vault), "pk": "OWNER#eve"})
        with pytest.raises(DamagedItem, match="OWNER#eve"):
            vault.secrets().read("eve")

    def test_what_was_sealed_for_another_purpose_does_not_open(self, vault: Vault) -> None:
        """One key may guard several things, and none of them passes for another."""
        vault.secrets(purpose="something-else").write("ada", FIRST)
        with pytest.raises(DamagedItem, match="OWNER#ada"):
            vault.secrets().read("ada")

    @pytest.mark.parametrize(
        "change",
        [
            lambda item: {**item, "sealed": item["sealed"][:-1] + bytes([item["sealed"][-1] ^ 1])},
            lambda item: {**item, "sealed": b"x"},
            lambda item: {**item, "sealed": "text"},
            lambda item: {**item, "version": "many"},
            lambda item: {name: value for name, value in item.items() if name != "sealed"},
            lambda item: {name: value for name, value in item.items() if name != "created_at"},
            lambda item: {name: value for name, value in item.items() if name != "previous_expires_at"},
        ],
        ids=["changed seal", "no seal", "text", "version", "without seal", "without time", "without end"],
    )
    def test_a_damaged_item_is_told_by_its_key(self, vault: Vault, change: Callable[[Values], Values]) -> None:
        """F28. And without a word of what is in it."""
        vault.secrets().write("ada", FIRST)
        vault.secrets().write("ada", SECOND)
        put_raw(vault, change(raw(vault)))
        with pytest.raises(DamagedItem, match="OWNER#ada") as raised:
            vault.secrets().read("ada")
        assert "whsec_" not in str(raised.value)

    @pytest.mark.parametrize("content", [b"whsec_AAAA", b'"whsec_AAAA"', b"[]", b'["AAAA"]', b"[1]", b"\xff", b"{}"])
    def test_what_opens_to_no_secrets_is_damaged(self, vault: Vault, content: bytes) -> None:
        """The emulator's KMS opens what was changed, too, to garbage."""
        vault.secrets().write("ada", FIRST)
        seal = KmsSeal(lambda: vault.kms, key_arn=vault.key_arn, purpose="signing-secret")
        put_raw(vault, {**raw(vault), "sealed": seal.seal("ada", content)})
        with pytest.raises(DamagedItem, match="OWNER#ada"):
            vault.secrets().read("ada")


WHAT_IS_LEFT: dict[str, Callable[[Values], Values]] = {
    "nothing but the version": lambda item: {name: item[name] for name in ("pk", "sk", "version")},
    "no version": lambda item: {name: item[name] for name in ("pk", "sk", "sealed")},
    "a word for a version": lambda item: {**item, "version": "many"},
    "no text for a version": lambda item: {**item, "version": None},
    "a seal that does not open": lambda item: {**item, "sealed": b"x"},
}


@pytest.mark.parametrize("left", WHAT_IS_LEFT)
class TestADamagedItem:
    """F28. Whatever is left of it."""

    @pytest.fixture
    def damaged(self, vault: Vault, left: str) -> DamagedSecret:
        vault.secrets().write("ada", FIRST)
        vault.secrets().write("ada", SECOND)
        put_raw(vault, WHAT_IS_LEFT[left](raw(vault)))
        return found_damaged(vault)

    def test_it_is_replaced(self, vault: Vault, damaged: DamagedSecret) -> None:
        """And the new secret is like any other: it can be rotated."""
        third = replace(THIRD, version=(damaged.version or 0) + 1)
        assert vault.secrets().replace("ada", third, damaged) == third == vault.secrets().read("ada")
        fourth = third.rotated(b"4" * KEY_BYTES, now_ms=NOW_MS)
        assert vault.secrets().write("ada", fourth) == fourth

    def test_of_two_who_replace_it_the_faster_one_stays(self, vault: Vault, damaged: DamagedSecret) -> None:
        """And both learn which."""
        version = (damaged.version or 0) + 1
        third, rival = replace(THIRD, version=version), replace(FIRST, version=version)
        assert vault.secrets().replace("ada", rival, damaged) == rival
        assert vault.secrets().replace("ada", third, damaged) == rival

    def test_that_it_was_told_is_noted_until_it_is_replaced(self, vault: Vault, damaged: DamagedSecret) -> None:
        """The next damage is another."""
        assert damaged.told is False
        vault.secrets().note_told("ada", damaged, now_ms=NOW_MS)
        assert found_damaged(vault).told is True
        vault.secrets().replace("ada", replace(THIRD, version=(damaged.version or 0) + 1), damaged)
        assert "told_at" not in raw(vault)
        vault.secrets().note_told("ada", damaged, now_ms=NOW_MS)  # by a worker that is late
        assert "told_at" not in raw(vault)

    def test_one_that_was_deleted_meanwhile_is_neither_noted_nor_replaced(
        self, vault: Vault, damaged: DamagedSecret
    ) -> None:
        """An operator's decision; trying again makes the first secret anew."""
        vault.table.client.delete_item(
            TableName=vault.table.name, Key=to_attributes({"pk": "OWNER#ada", "sk": "SIGNING"})
        )
        vault.secrets().note_told("ada", damaged, now_ms=NOW_MS)
        with pytest.raises(StoreUnavailable):
            vault.secrets().replace("ada", replace(THIRD, version=(damaged.version or 0) + 1), damaged)
        assert vault.secrets().read("ada") is None


class TestOutages:
    @pytest.mark.parametrize("operation", ["dynamodb.GetItem", "kms.Decrypt"])
    def test_reading_during_one_is_told_as_one(self, vault: Vault, operation: str) -> None:
        """F20. It is never taken for "there is no secret": nothing may go out unsigned."""
        vault.secrets().write("ada", FIRST)
        client = vault.kms if operation.startswith("kms") else vault.table.client
        with always(client, f"before-call.{operation}", unreachable), pytest.raises(StoreUnavailable):
            vault.secrets().read("ada")

    @pytest.mark.parametrize("operation", ["dynamodb.PutItem", "kms.Encrypt"])
    def test_nothing_is_written_during_one(self, vault: Vault, operation: str) -> None:
        """And nothing in clear, in particular."""
        client = vault.kms if operation.startswith("kms") else vault.table.client
        with always(client, f"before-call.{operation}", unreachable), pytest.raises(StoreUnavailable):
            vault.secrets().write("ada", FIRST)
        assert vault.secrets().read("ada") is None

    @pytest.mark.parametrize("secret", [FIRST, SECOND], ids=["the first", "a rotation"])
    def test_a_lost_reply_to_a_write_is_no_lost_write(self, vault: Vault, secret: SigningSecret) -> None:
        """The client sends it again, finds its own item, and has won."""
        secrets = vault.secrets()
        if secret is SECOND:
            secrets.write("ada", FIRST)
        with interrupted(vault.table.client, "needs-retry.dynamodb.PutItem", lambda **_: 0):
            assert secrets.write("ada", secret) == secret
        assert secrets.read("ada") == secret

    def test_two_who_write_first_at_the_same_time_get_the_same_secret(self, vault: Vault) -> None:
        """The rival's write comes just before ours."""
        rival = SigningSecret.of_key(b"9" * KEY_BYTES, now_ms=NOW_MS)

        def meanwhile(**_: Any) -> None:
            vault.secrets().write("ada", rival)

        with interrupted(vault.table.client, "before-call.dynamodb.PutItem", meanwhile):
            assert vault.secrets().write("ada", FIRST) == rival
        assert vault.secrets().read("ada") == rival

    def test_a_secret_that_an_operator_deleted_meanwhile_is_an_outage(self, vault: Vault) -> None:
        """Trying again makes a new one."""
        with pytest.raises(StoreUnavailable):
            vault.secrets().write("ada", SECOND)


class TestWhatKmsIsAskedFor:
    """It is paid by the call, and a worker waits for it."""

    def test_a_seal_is_opened_once_an_hour(self, vault: Vault) -> None:
        """The item is read each time, so a rotation is seen at once."""
        secrets = vault.secrets()
        secrets.write("ada", FIRST)
        calls: list[object] = []
        with always(vault.kms, "before-call.kms.Decrypt", lambda **_: calls.append(1)):
            assert [secrets.glance("ada") for _ in range(3)] == [FIRST] * 3
            assert len(calls) == 1
            secrets.write("ada", SECOND)
            assert secrets.glance("ada") == SECOND
            assert len(calls) == 2
            vault.clock.advance(ms=OPENED_FOR_MS)
            assert secrets.glance("ada") == SECOND
            assert len(calls) == 3

    def test_who_has_no_secret_costs_nothing(self, vault: Vault) -> None:
        """Most owners never ask for one."""
        with always(vault.kms, "before-call.kms", unreachable):
            assert vault.secrets().glance("ada") is None

    def test_the_client_is_made_once_and_not_before_it_is_used(self, vault: Vault) -> None:
        """Cold start; and a session must not make two clients at once."""
        made: list[object] = []
        at_once = threading.Barrier(5)

        def make() -> Any:
            made.append(1)
            return vault.kms

        def use(seal: KmsSeal) -> bytes:
            at_once.wait(10)
            return seal.seal("ada", b"x")

        seal = KmsSeal(make, key_arn=vault.key_arn, purpose="test")
        assert made == []
        with ThreadPoolExecutor(max_workers=5) as threads:
            list(threads.map(use, [seal] * 5))
        assert made == [1]
