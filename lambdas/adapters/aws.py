"""Clients of AWS as the functions use them, and what their errors mean to the core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

if TYPE_CHECKING:
    from botocore.session import Session

    from lambdas.jobs.errors import Unavailable

Service = Literal["dynamodb", "kms", "sqs", "sns"]

READ_TIMEOUT_SECONDS: dict[Service, float] = {"dynamodb": 3, "kms": 3, "sqs": 5, "sns": 10}
"""How long one try may wait for its answer. The table and KMS answer in milliseconds, and a worker waits for
them with jobs in its hands; SNS may take longer, and only `bury` waits for it."""

_DEFECTS = frozenset({"ValidationException", "SerializationException", "InvalidParameter", "InvalidParameterValue"})
"""AWS's words for a request that is wrong in itself: trying again would not help."""


def make_client(session: Session, service: Service, *, connections: int = 10) -> Any:
    """A client with the time-outs and retries that suit the service; `connections` is how many calls run at once.

    Parameters are not validated before they are sent: that is a good part of what a call costs here, and the tests
    have sent all of them. The library's own user agent, put together anew for each request, is a tenth of the rest.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=READ_TIMEOUT_SECONDS[service],
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=connections,
        parameter_validation=False,
        tcp_keepalive=True,
        user_agent="punctual",
    )
    return session.create_client(service, config=config)


@contextmanager
def outages_as(unavailable: type[Unavailable]) -> Iterator[None]:
    """Turn whatever says that a service cannot do its work now into an error of the core.

    That is more than throttling and lost connections: a right that was taken away, a disabled key or a table that is
    being restored are the operators' to mend, and until then nothing may be acknowledged. A request that is wrong
    in itself stays the error it is.
    """
    try:
        yield
    except ClientError as error:
        if error_code(error) in _DEFECTS:
            raise
        raise unavailable(f"{error.operation_name}: {error_code(error)}") from error
    except ParamValidationError:
        raise
    except BotoCoreError as error:
        raise unavailable(type(error).__name__) from error


def error_code(error: ClientError) -> str:
    """AWS's code of an error; the status where there is none, as when a proxy in between answered."""
    code = error.response.get("Error", {}).get("Code")
    return code or str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "unknown"))
