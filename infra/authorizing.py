"""Who asks: the function that the gateway puts that question to."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk.aws_apigatewayv2_authorizers import HttpLambdaAuthorizer, HttpLambdaResponseType
from constructs import Construct

from infra.identity import Identity
from infra.job_store import JobStore
from infra.python_function import FunctionRecipe

REMEMBERED = Duration.seconds(60)
"""So long the gateway goes by an answer: the longest that a revoked key may still open."""


class Authorizing(Construct):
    """authorize: knows tokens and API keys. All that checking a signature takes is in this function alone."""

    def __init__(
        self, scope: Construct, construct_id: str, *, recipe: FunctionRecipe, store: JobStore, identity: Identity
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = recipe.make(
            self,
            "authorize",
            description="Says who asks, by an access token or an API key",
            # Every new token waits for it; most of a cold start is imports, which want CPU.
            memory_mb=1024,
            # Two fetches of the issuer's keys at most, and a look into the table; the gateway waits no longer either.
            timeout=Duration.seconds(10),
            rights=[store.may("GetItem"), store.may_note("KEY#*", recipe.settings)],
            environment={"PUNCTUAL_TABLE": store.table.table_name, **identity.variables},
        )
        self.authorizer = HttpLambdaAuthorizer(
            "Caller",
            self.function,
            response_types=[HttpLambdaResponseType.SIMPLE],
            identity_source=["$request.header.Authorization"],
            results_cache_ttl=REMEMBERED,
        )
