"""A user of the local stack and the token that speaks for them."""

from __future__ import annotations

import base64
import contextlib
import json
from dataclasses import dataclass

from local import aws

PASSWORD = "Punctual-local-1"  # nosec B105  # see below
"""Of every local user. The pool lives in an emulator on the loopback address and ends with it."""


@dataclass(frozen=True)
class User:
    """Someone signed in."""

    owner: str
    """The token's subject: who the jobs belong to."""
    token: str
    """A JWT access token."""


def sign_in(endpoint_url: str, *, pool_id: str, client_id: str, name: str) -> User:
    """Make the user unless there is one of this name, and sign them in."""
    cognito = aws.session().client("cognito-idp", endpoint_url=endpoint_url, config=aws.CONFIG)
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):  # kept from the last run
        cognito.admin_create_user(UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=True)
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    token = answer["AuthenticationResult"]["AccessToken"]
    return User(owner=subject(token), token=token)


def subject(token: str) -> str:
    """The `sub` of a JWT that we were just given; its signature is the gateway's business."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    owner: str = claims["sub"]
    return owner
