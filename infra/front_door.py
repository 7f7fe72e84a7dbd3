"""The HTTP API and the function behind it: what a user meets."""

from __future__ import annotations

import json

from aws_cdk import Aws, Duration, Fn, Tags
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.authorizing import Authorizing
from infra.channels import Channels, acknowledge_address_topics, may_ask_for_addresses
from infra.checking import Checking
from infra.encryption import may_seal
from infra.identity import Identity
from infra.job_store import OWNER_STATUS, JobStore
from infra.python_function import FunctionRecipe, log_group_of
from infra.security_rules import acknowledge
from infra.stage_settings import StageSettings

_OPEN_ROUTES = {
    # A browser asks before it sends a token; more exact than ANY, so no authorizer refuses the question.
    "Preflight": "OPTIONS /v1/{proxy+}",
    "Health": "GET /health",
    "Description": "GET /openapi.json",
    "Docs": "GET /docs",
    # Whatever else there is, and our own 404.
    "Elsewhere": "$default",
}

# Those that need the way out to targets.
_CHECKED = ("/v1/validate", "/v1/test")

# Anyone may call these, so they get a small part of what the API takes.
_OPEN_THROTTLE = {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}

# The emulator makes this the API's id, so that the address stays the same from run to run; `make run` knows it.
_LOCAL_API_ID = "9a7c41d2"

# No header, no query, no body: what a user sends may carry secrets, and none of it is needed here.
_ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "source_ip": "$context.identity.sourceIp",
    "owner": "$context.authorizer.owner",
    "key_id": "$context.authorizer.key_id",
    "route": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "response_bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "integration_error": "$context.integrationErrorMessage",
    "authorizer_error": "$context.authorizer.error",
}


class FrontDoor(Construct):
    """`/v1` for those with a token, `/health` and our own 404 for everybody."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        recipe: FunctionRecipe,
        store: JobStore,
        secrets: kms.Key,
        channels: Channels,
        identity: Identity,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = recipe.settings
        self.api = _http_api(self, settings)
        own_hosts = ",".join([_domain_of(self.api), *settings.own_hosts])
        self.function = _api_function(
            self,
            recipe=recipe,
            store=store,
            secrets=secrets,
            channels=channels,
            own_hosts=own_hosts,
            api_url=settings.api_url or self.url,
            identity=identity,
        )
        acknowledge_address_topics(self)
        self.checking = Checking(
            self,
            "Checking",
            recipe=recipe,
            store=store,
            secrets=secrets,
            channels=channels,
            own_hosts=own_hosts,
            api_url=settings.api_url or self.url,
        )
        self.authorizing = Authorizing(self, "Authorizing", recipe=recipe, store=store, identity=identity)
        self._add_routes()
        self._add_stage(settings)

    @property
    def url(self) -> str:
        """Where the API answers, without a slash at the end."""
        return f"https://{_domain_of(self.api)}"

    def _add_routes(self) -> None:
        integration = HttpLambdaIntegration("Api", self.function)
        authorizer = self.authorizing.authorizer
        self.api.add_routes(path="/v1/{proxy+}", integration=integration, authorizer=authorizer)
        checks = HttpLambdaIntegration("Check", self.checking.function)
        for path in _CHECKED:  # with other methods they are the api's, which says what they take
            self.api.add_routes(
                path=path, methods=[apigatewayv2.HttpMethod.POST], integration=checks, authorizer=authorizer
            )
        for name, key in _OPEN_ROUTES.items():
            route = apigatewayv2.HttpRoute(
                self, name, http_api=self.api, route_key=_route_key(key), integration=integration
            )
            acknowledge(
                route,
                "AwsSolutions-APIG4",
                "Open on purpose: health, the question a browser asks first, and our own answer to addresses that "
                "do not exist. None of them touches a job.",
            )

    def _add_stage(self, settings: StageSettings) -> None:
        stage = apigatewayv2.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigatewayv2.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=settings.requests_per_second, throttling_burst_limit=settings.burst_requests
            ),
            # In CloudFormation's own spelling: the CDK passes this map on as it is.
            route_settings=dict.fromkeys(_OPEN_ROUTES.values(), _OPEN_THROTTLE),
            access_log_settings=apigatewayv2.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group_of(self, settings, "AccessLog").log_group_arn,
                format=json.dumps(_ACCESS_LOG, separators=(",", ":")),
            ),
        )
        for name in _OPEN_ROUTES:  # a stage that speaks of a route before there is one is refused
            stage.node.add_dependency(self.node.find_child(name))


def _route_key(key: str) -> apigatewayv2.HttpRouteKey:
    if key == "$default":
        return apigatewayv2.HttpRouteKey.DEFAULT
    method, path = key.split()
    return apigatewayv2.HttpRouteKey.with_(path, apigatewayv2.HttpMethod[method])


def _http_api(scope: Construct, settings: StageSettings) -> apigatewayv2.HttpApi:
    api = apigatewayv2.HttpApi(
        scope,
        "HttpApi",
        api_name=f"punctual-{settings.stage}",
        description="Punctual: makes an HTTP request at the moment you name",
        create_default_stage=False,
        # By default any page may call: the token in a header lets a request in, and no browser adds it by itself.
        cors_preflight=apigatewayv2.CorsPreflightOptions(
            allow_origins=list(settings.cors_origins),
            allow_methods=[apigatewayv2.CorsHttpMethod.ANY],
            allow_headers=[
                "authorization",
                "content-type",
                "idempotency-key",
                "if-match",
                "if-none-match",
                "x-request-id",
            ],
            expose_headers=[
                "apigw-requestid",
                "etag",
                "idempotency-replayed",
                "location",
                "ratelimit",
                "ratelimit-policy",
                "retry-after",
                "x-request-id",
            ],
            max_age=Duration.hours(1),
        ),
    )
    if settings.is_local:
        Tags.of(api).add("ms-custom-id", _LOCAL_API_ID)
    return api


def _domain_of(api: apigatewayv2.HttpApi) -> str:
    return Fn.join(".", [api.api_id, "execute-api", Aws.REGION, Aws.URL_SUFFIX])


def _api_function(
    scope: Construct,
    *,
    recipe: FunctionRecipe,
    store: JobStore,
    secrets: kms.Key,
    channels: Channels,
    own_hosts: str,
    api_url: str,
    identity: Identity,
) -> lambda_.Function:
    settings = recipe.settings
    return recipe.make(
        scope,
        "api",
        description="Takes requests: schedules, reads, changes and cancels jobs",
        # A request waits for this function. Memory brings CPU: at 1 GB a cold start, most of it imports, takes
        # well under a second, and a warm request costs no more than with less, because it is over sooner.
        memory_mb=1024,
        # A handful of calls to the table. Whoever waits longer is told 503, long before the gateway's 30 s.
        timeout=Duration.seconds(10),
        rights=[
            store.may("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
            store.may_query(OWNER_STATUS),
            may_seal(secrets, "Decrypt", "Encrypt", settings=settings),
            *may_ask_for_addresses(channels, settings),
        ],
        environment={
            "PUNCTUAL_TABLE": store.table.table_name,
            "PUNCTUAL_SECRETS_KEY_ARN": secrets.key_arn,
            "PUNCTUAL_HORIZON_SECONDS": str(settings.horizon_seconds),
            "PUNCTUAL_PRIVATE_TARGETS": ",".join(settings.private_targets),
            "PUNCTUAL_ALLOWED_PORTS": ",".join(map(str, settings.allowed_ports)),
            "PUNCTUAL_OWN_HOSTS": own_hosts,
            "PUNCTUAL_API_URL": api_url,
            "PUNCTUAL_ISSUER_CONFIGURATION_URL": identity.configuration_url,
            "PUNCTUAL_SIGN_IN_CLIENT": identity.sign_in_client,
            "PUNCTUAL_RETENTION_DAYS": str(settings.retention_days),
            "PUNCTUAL_ADDRESS_TOPICS": channels.address_topics,
            **({"PUNCTUAL_TOPICS_KEY_ARN": recipe.key.key_arn} if recipe.key else {}),
            "PUNCTUAL_LIMITS": settings.limits,
        },
    )
