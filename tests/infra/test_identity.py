"""The user pool: who may be a user, and how they sign in."""

from __future__ import annotations

import pytest

from tests.infra.templates import STAGES, template

POOL = "AWS::Cognito::UserPool"


@pytest.mark.parametrize("stage", STAGES)
def test_only_the_operator_makes_users(stage: str) -> None:
    """Nobody signs up by themselves."""
    assert template(stage).one(POOL)["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


@pytest.mark.parametrize("stage", STAGES)
def test_passwords_are_long_and_mixed(stage: str) -> None:
    """Twelve characters of four kinds."""
    policy = template(stage).one(POOL)["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] == 12
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))


@pytest.mark.parametrize("stage", STAGES)
def test_a_second_factor_is_an_app_and_a_choice(stage: str) -> None:
    """Never a text message: those cost, and can be taken over."""
    pool = template(stage).one(POOL)
    assert pool["MfaConfiguration"] == "OPTIONAL"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


@pytest.mark.parametrize("stage", STAGES)
def test_programs_sign_in_by_password_and_people_in_the_browser(stage: str) -> None:
    """The authorization code comes back to the command line, which listens on this machine; PKCE guards it."""
    client = template(stage).one("AWS::Cognito::UserPoolClient")
    assert set(client["ExplicitAuthFlows"]) == {
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["CallbackURLs"] == ["http://localhost:8976/callback"]
    assert client["GenerateSecret"] is False
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True


@pytest.mark.parametrize("stage", STAGES)
def test_an_access_token_holds_for_an_hour(stage: str) -> None:
    """Nobody asks the pool whether one was revoked before it ends."""
    client = template(stage).one("AWS::Cognito::UserPoolClient")
    assert client["AccessTokenValidity"] == 60
    assert client["TokenValidityUnits"]["AccessToken"] == "minutes"


def test_the_sign_in_page_has_a_name_of_its_own_without_a_look_up() -> None:
    """The account's number makes it unique in the region."""
    domain = template("prod").one("AWS::Cognito::UserPoolDomain")["Domain"]
    assert domain == {"Fn::Join": ["-", ["punctual-prod", {"Ref": "AWS::AccountId"}]]}
    assert "SignInUrl" in template("prod").outputs


@pytest.mark.parametrize(("stage", "kept"), [("local", False), ("dev", False), ("prod", True)])
def test_production_keeps_its_users(stage: str, kept: bool) -> None:
    """A pool that is lost takes every owner's identity with it: a new user has a new subject."""
    made = template(stage)
    assert made.deletion_policy(POOL) == ("Retain" if kept else "Delete")
    assert made.one(POOL)["DeletionProtection"] == ("ACTIVE" if kept else "INACTIVE")
