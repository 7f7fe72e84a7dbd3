"""The HTTP API: who gets in, how much, and what is written down of it."""

from __future__ import annotations

import json

import pytest

from infra.stage_settings import StageSettings
from local.settings import API_ID
from tests.infra.templates import STAGES, Template, synthesised, template, template_with_everything, text_of

CHECKED_ROUTES = {"POST /v1/validate", "POST /v1/test"}
OPEN_ROUTES = {"OPTIONS /v1/{proxy+}", "GET /health", "GET /openapi.json", "GET /docs", "$default"}


@pytest.mark.parametrize("stage", STAGES)
def test_every_route_but_the_open_ones_asks_authorize(stage: str) -> None:
    """T6; a browser's first question, health and our own 404 are open. Who shows nothing is refused by the gateway."""
    made = template(stage)
    (authorizer_id,) = made.all("AWS::ApiGatewayV2::Authorizer")
    authorizer = made.one("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerType"] == "REQUEST"
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
    assert {"Fn::GetAtt": [made.function_id("authorize"), "Arn"]} in authorizer["AuthorizerUri"]["Fn::Join"][1]
    routes = {route["RouteKey"]: route for route in made.all("AWS::ApiGatewayV2::Route").values()}
    assert routes.keys() == {"ANY /v1/{proxy+}", *CHECKED_ROUTES, *OPEN_ROUTES}
    for key in routes.keys() - OPEN_ROUTES:
        assert routes[key]["AuthorizationType"] == "CUSTOM"
        assert routes[key]["AuthorizerId"] == {"Ref": authorizer_id}
    assert {key for key, route in routes.items() if route["AuthorizationType"] == "NONE"} == OPEN_ROUTES


def test_a_revoked_key_opens_for_a_minute_at_most() -> None:
    """T6: as long as the gateway goes by what it was told."""
    assert template("prod").one("AWS::ApiGatewayV2::Authorizer")["AuthorizerResultTtlInSeconds"] == 60


def test_routes_lead_to_their_function_in_the_newer_payload_format() -> None:
    """The handlers read events of version 2.0. What needs a way out to targets goes to check, all else to the api."""
    made = template("prod")
    functions = {}
    for integration_id, integration in made.all("AWS::ApiGatewayV2::Integration").items():
        assert integration["PayloadFormatVersion"] == "2.0"
        functions[integration_id] = integration["IntegrationUri"]["Fn::GetAtt"][0]
    for route in made.all("AWS::ApiGatewayV2::Route").values():
        (integration_id,) = (part["Ref"] for part in route["Target"]["Fn::Join"][1] if isinstance(part, dict))
        function = "check" if route["RouteKey"] in CHECKED_ROUTES else "api"
        assert functions[integration_id] == made.function_id(function)


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_tokens_are_those_of_our_own_user_pool(stage: str) -> None:
    """T6. For our own app client, and no other; known by the keys that the pool publishes."""
    made = template(stage)
    (pool,) = made.all("AWS::Cognito::UserPool")
    (client,) = made.all("AWS::Cognito::UserPoolClient")
    variables = made.environment("authorize")
    assert variables["PUNCTUAL_AUDIENCE"] == {"Ref": client}
    issuer = text_of(variables["PUNCTUAL_ISSUER"])
    assert issuer == f"https://cognito-idp.<AWS::Region>.<AWS::URLSuffix>/<{pool}>"
    assert text_of(variables["PUNCTUAL_ISSUER_KEYS_URL"]) == f"{issuer}/.well-known/jwks.json"
    told = made.environment("api")
    assert text_of(told["PUNCTUAL_ISSUER_CONFIGURATION_URL"]) == f"{issuer}/.well-known/openid-configuration"
    assert told["PUNCTUAL_SIGN_IN_CLIENT"] == {"Ref": client}


def test_on_this_machine_the_keys_come_from_the_emulator() -> None:
    """Its tokens name AWS as their issuer all the same."""
    made = synthesised(stage="local", cognito_url="http://127.0.0.1:4566")
    (pool,) = made.all("AWS::Cognito::UserPool")
    variables = made.environment("authorize")
    assert text_of(variables["PUNCTUAL_ISSUER_KEYS_URL"]) == f"http://127.0.0.1:4566/<{pool}>/.well-known/jwks.json"
    assert text_of(variables["PUNCTUAL_ISSUER"]).startswith("https://cognito-idp.")
    told = text_of(made.environment("api")["PUNCTUAL_ISSUER_CONFIGURATION_URL"])
    assert told == f"http://127.0.0.1:4566/<{pool}>/.well-known/openid-configuration"


def test_an_existing_issuer_takes_the_place_of_the_user_pool() -> None:
    """By two settings; then there is no pool of ours at all."""
    made = template_with_everything()
    variables = made.environment("authorize")
    assert variables["PUNCTUAL_ISSUER"] == "https://issuer.example.com/"
    assert variables["PUNCTUAL_AUDIENCE"] == "punctual,other"
    assert variables["PUNCTUAL_ISSUER_KEYS_URL"] == "https://issuer.example.com/.well-known/openid-configuration"
    told = made.environment("api")
    assert told["PUNCTUAL_ISSUER_CONFIGURATION_URL"] == variables["PUNCTUAL_ISSUER_KEYS_URL"]
    assert told["PUNCTUAL_SIGN_IN_CLIENT"] == "the-command-line"
    assert not made.all("AWS::Cognito::UserPool")
    assert "UserPoolId" not in made.outputs


@pytest.mark.parametrize("stage", STAGES)
def test_more_requests_than_the_settings_allow_are_turned_away(stage: str) -> None:
    """T9. The emulator does not throttle. Open routes get a small part, for anybody may call them."""
    made = template(stage)
    settings = StageSettings.from_context({"stage": stage})
    described = made.one("AWS::ApiGatewayV2::Stage")
    assert described["StageName"] == "$default"
    assert described["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": settings.requests_per_second,
        "ThrottlingBurstLimit": settings.burst_requests,
    }
    assert described["RouteSettings"].keys() == OPEN_ROUTES
    for throttle in described["RouteSettings"].values():
        assert throttle == {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}


def test_a_stage_is_made_after_the_routes_that_it_throttles() -> None:
    """API Gateway refuses settings for a route that is not there yet."""
    made = template("prod")
    (stage,) = (r for r in made.resources.values() if r["Type"] == "AWS::ApiGatewayV2::Stage")
    waited_for = {made.resources[name]["Properties"].get("RouteKey") for name in stage["DependsOn"]}
    assert waited_for >= OPEN_ROUTES


@pytest.mark.parametrize("stage", STAGES)
def test_requests_are_written_down_with_their_id_and_without_secrets(stage: str) -> None:
    """T7: no header, no query, no body, no token."""
    made = template(stage)
    access_log = made.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    fields = json.loads(access_log["Format"])
    assert fields["request_id"] == "$context.requestId"
    assert set(fields.values()) == {
        "$context.requestId",
        "$context.requestTime",
        "$context.identity.sourceIp",
        "$context.authorizer.owner",
        "$context.authorizer.key_id",
        "$context.routeKey",
        "$context.path",
        "$context.status",
        "$context.responseLength",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.integrationErrorMessage",
        "$context.authorizer.error",
    }
    log_group = access_log["DestinationArn"]["Fn::GetAtt"][0]
    assert "RetentionInDays" in made.all("AWS::Logs::LogGroup")[log_group]


@pytest.mark.parametrize("stage", STAGES)
def test_pages_of_any_site_may_call_with_a_token_and_read_what_they_need(stage: str) -> None:
    """The emulator drops this from the template. No cookies: nothing is sent that the page does not send itself."""
    cors = template(stage).one("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["*"]
    assert "AllowCredentials" not in cors
    assert cors["AllowMethods"] == ["*"]
    assert {"authorization", "content-type", "idempotency-key", "if-match"} <= set(cors["AllowHeaders"])
    assert {"etag", "location", "retry-after", "apigw-requestid"} <= set(cors["ExposeHeaders"])


def test_the_pages_that_may_call_are_a_setting() -> None:
    """An operator who has one console names its origin."""
    described = synthesised(cors_origins="https://console.example.com").one("AWS::ApiGatewayV2::Api")
    assert described["CorsConfiguration"]["AllowOrigins"] == ["https://console.example.com"]


def test_the_api_knows_its_own_host_so_that_no_job_may_call_it() -> None:
    """T3: besides those of the settings, such as a custom domain."""
    assert _own_hosts(template("prod")) == ["<api>.execute-api.<AWS::Region>.<AWS::URLSuffix>"]
    assert _own_hosts(template_with_everything()) == [
        "<api>.execute-api.<AWS::Region>.<AWS::URLSuffix>",
        "jobs.example.com",
    ]


@pytest.mark.parametrize("function", ["api", "check"])
def test_the_api_knows_where_users_reach_it(function: str) -> None:
    """At its own address, unless operators say otherwise: problems lead to a page below it."""
    made = template("prod")
    (api,) = made.all("AWS::ApiGatewayV2::Api")
    told = text_of(made.environment(function)["PUNCTUAL_API_URL"])
    assert told == f"https://<{api}>.execute-api.<AWS::Region>.<AWS::URLSuffix>"
    elsewhere = template_with_everything().environment(function)["PUNCTUAL_API_URL"]
    assert elsewhere == "https://jobs.example.com"


def test_the_emulator_gives_the_api_the_same_id_every_time() -> None:
    """By a tag that AWS would not understand, so it is there on the local stage only. `make run` knows the id."""
    tags = template("local").one("AWS::ApiGatewayV2::Api")["Tags"]
    assert len(tags["ms-custom-id"]) == 8
    assert int(tags["ms-custom-id"], 16)
    assert tags["ms-custom-id"] == tags["ms-custom-id"].lower() == API_ID
    assert "ms-custom-id" not in template("prod").one("AWS::ApiGatewayV2::Api")["Tags"]


def test_the_rates_are_settings() -> None:
    """For whoever has more users, or fewer."""
    described = synthesised(requests_per_second=7, burst_requests=9).one("AWS::ApiGatewayV2::Stage")
    assert described["DefaultRouteSettings"] == {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 9}


def _own_hosts(made: Template) -> list[str]:
    (api,) = made.all("AWS::ApiGatewayV2::Api")
    return text_of(made.environment("api")["PUNCTUAL_OWN_HOSTS"]).replace(f"<{api}>", "<api>").split(",")
