"""What may lie in the table in encrypted form only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.adapters.aws import error_code, outages_as
from lambdas.jobs.errors import DamagedItem, StoreUnavailable

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

_NOT_OF_THIS_KEY = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})
"""KMS's words for bytes that were changed, or sealed with another key, for another owner or purpose."""


class KmsSeal:
    """Encrypts with a key of KMS, bound to an owner and a purpose: what was copied to another owner does not open.

    The client is made at its first use, because few invocations of few functions come here. At most 4 KB at a time
    (AWS limit). Both methods raise StoreUnavailable when KMS cannot do its work.
    """

    def __init__(self, make_client: Callable[[], KMSClient], *, key_arn: str, purpose: str) -> None:
        self._make_client = make_client
        self._key_arn = key_arn
        self._purpose = purpose
        self._made: KMSClient | None = None
        self._making = threading.Lock()

    def seal(self, owner: str, content: bytes) -> bytes:
        """Encrypt."""
        with outages_as(StoreUnavailable):
            reply = self._client().encrypt(
                KeyId=self._key_arn, Plaintext=content, EncryptionContext=self._context(owner)
            )
        return reply["CiphertextBlob"]

    def unseal(self, owner: str, sealed: bytes) -> bytes:
        """Decrypt. Raises DamagedItem for what was not sealed so for this owner."""
        with outages_as(StoreUnavailable):
            try:
                reply = self._client().decrypt(
                    KeyId=self._key_arn, CiphertextBlob=sealed, EncryptionContext=self._context(owner)
                )
            except ClientError as error:
                if error_code(error) not in _NOT_OF_THIS_KEY:
                    raise
                raise DamagedItem(f"OWNER#{owner}", f"it does not open: {error_code(error)}") from error
        return reply["Plaintext"]

    def _context(self, owner: str) -> dict[str, str]:
        return {"owner": owner, "purpose": self._purpose}

    def _client(self) -> KMSClient:
        with self._making:  # sessions must not make two clients at once
            if self._made is None:
                self._made = self._make_client()
            return self._made
