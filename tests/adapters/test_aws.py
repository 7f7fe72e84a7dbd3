"""Errors of AWS's clients as the core knows them, and the clients themselves."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from lambdas.adapters.aws import Service, outages_as
from lambdas.jobs.errors import QueueUnavailable, StoreUnavailable
from tests.contracts.aws_places import client


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://x"),
        ConnectTimeoutError(endpoint_url="http://x"),
        ReadTimeoutError(endpoint_url="http://x"),
        CredentialRetrievalError(provider="x", error_msg="x"),
        NoCredentialsError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_cannot_be_reached_is_unavailable(error: BotoCoreError) -> None:
    """F13, F20, F21, F22. The original is its cause, for the log."""
    with pytest.raises(StoreUnavailable, match=type(error).__name__) as raised, outages_as(StoreUnavailable):
        raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "TransactionConflictException",
        "InternalServerError",
    ],
)
def test_throttling_and_conflicts_are_outages(code: str) -> None:
    """F13: the client has tried again by then; whoever called keeps what it has, and comes back."""
    with pytest.raises(StoreUnavailable, match=f"UpdateItem: {code}"), outages_as(StoreUnavailable):
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "UpdateItem")


def test_the_code_and_the_operation_are_told_and_the_message_is_not() -> None:
    """AWS's messages may quote what was sent."""
    reply = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded for Bearer s3cret"}}
    with pytest.raises(QueueUnavailable) as raised, outages_as(QueueUnavailable):
        raise ClientError(reply, "SendMessage")  # type: ignore[arg-type]
    assert str(raised.value) == "SendMessage: ThrottlingException"


@pytest.mark.parametrize("code", ["ValidationException", "SerializationException", "InvalidParameter"])
def test_a_request_that_is_wrong_in_itself_stays_an_error(code: str) -> None:
    """A defect of ours, to be seen as one."""
    with pytest.raises(ClientError), outages_as(StoreUnavailable):
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "PutItem")
    with pytest.raises(ParamValidationError), outages_as(StoreUnavailable):
        raise ParamValidationError(report="x")


def test_an_answer_that_is_not_awss_is_an_outage() -> None:
    """A proxy in between, or a half-open connection."""
    reply = {"ResponseMetadata": {"HTTPStatusCode": 502}}
    with pytest.raises(StoreUnavailable, match="502"), outages_as(StoreUnavailable):
        raise ClientError(reply, "PutItem")  # type: ignore[arg-type]


@pytest.mark.parametrize("service", ["dynamodb", "kms", "sqs", "sns"])
def test_no_call_outlasts_a_workers_patience(service: Service) -> None:
    """All tries of a call with their time-outs, and without the pauses between, end within a minute."""
    config = client(service).meta.config
    tries = config.retries["total_max_attempts"]
    assert tries >= 3
    assert tries * (config.connect_timeout + config.read_timeout) <= 60
