"""Who may call: a Cognito user pool of our own, or an existing issuer of JWTs by the settings."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, Duration, Fn, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.security_rules import acknowledge
from infra.stage_settings import StageSettings

# Where the command line listens while its user signs in: http is allowed for localhost only, and matched exactly.
_COMMAND_LINE_CALLBACK = "http://localhost:8976/callback"


class Identity(Construct):
    """The issuer and audience that the api asks of a token, and where the issuer's keys are."""

    issuer: str
    audience: Sequence[str]
    keys_url: str
    """Of the keys themselves, or of the OpenID Connect configuration that names it."""
    configuration_url: str
    """Where the issuer tells programs how its users sign in (OpenID Connect Discovery 1.0, 4)."""
    sign_in_client: str
    """The client id of the command line at the issuer; "" if its users cannot sign in with it."""
    pool: cognito.UserPool | None = None
    client: cognito.UserPoolClient | None = None
    sign_in_url: str | None = None

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings) -> None:
        super().__init__(scope, construct_id)
        if settings.issuer:
            self.issuer, self.audience = settings.issuer, settings.audience
            self.keys_url = self.configuration_url = f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            self.sign_in_client = settings.sign_in_client or ""
            return
        self.pool = _user_pool(self, settings)
        self.client = _app_client(self.pool)
        # Unique in the region without looking anything up, because an account's number is.
        prefix = Fn.join("-", ["punctual", settings.stage, Aws.ACCOUNT_ID])
        domain = self.pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=prefix))
        self.sign_in_url = domain.base_url()
        # The pool's ProviderURL, spelt out because the emulator does not know that attribute.
        cognito_url = Fn.join("", ["https://cognito-idp.", Aws.REGION, ".", Aws.URL_SUFFIX])
        self.issuer = Fn.join("/", [cognito_url, self.pool.user_pool_id])
        # The emulator's tokens name AWS as their issuer, and its keys are had on this machine.
        place = settings.cognito_url or cognito_url
        self.keys_url = Fn.join("/", [place, self.pool.user_pool_id, ".well-known/jwks.json"])
        self.configuration_url = Fn.join("/", [place, self.pool.user_pool_id, ".well-known/openid-configuration"])
        self.sign_in_client = self.client.user_pool_client_id
        self.audience = [self.client.user_pool_client_id]

    @property
    def variables(self) -> dict[str, str]:
        """What a function needs to know callers by their tokens."""
        return {
            "PUNCTUAL_ISSUER": self.issuer,
            "PUNCTUAL_AUDIENCE": Fn.join(",", list(self.audience)),
            "PUNCTUAL_ISSUER_KEYS_URL": self.keys_url,
        }


def _user_pool(scope: Construct, settings: StageSettings) -> cognito.UserPool:
    """Users are invited by the operator, sign in by e-mail, and may add an authenticator app."""
    pool = cognito.UserPool(
        scope,
        "Users",
        self_sign_up_enabled=False,
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        password_policy=cognito.PasswordPolicy(
            min_length=12,
            require_digits=True,
            require_lowercase=True,
            require_symbols=True,
            require_uppercase=True,
            temp_password_validity=Duration.days(3),
        ),
        mfa=cognito.Mfa.OPTIONAL,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        deletion_protection=settings.keeps_data,
        removal_policy=RemovalPolicy.RETAIN if settings.keeps_data else RemovalPolicy.DESTROY,
    )
    acknowledge(
        pool,
        "AwsSolutions-COG2",
        "A second factor is each user's choice: programs sign in here too, and they have no phone.",
    )
    acknowledge(
        pool,
        "AwsSolutions-COG8",
        "Threat protection needs Cognito's Plus plan, paid for each user. An operator who wants it, or anything else "
        "that this pool has not, brings an issuer of their own by the settings.",
    )
    return pool


def _app_client(pool: cognito.UserPool) -> cognito.UserPoolClient:
    """One client for the command line and for programs. It has no secret, because it could not keep one."""
    return pool.add_client(
        "App",
        generate_secret=False,
        auth_flows=cognito.AuthFlow(user_password=True, user_srp=True),
        o_auth=cognito.OAuthSettings(
            flows=cognito.OAuthFlows(authorization_code_grant=True),  # with PKCE, as the client has no secret
            scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
            callback_urls=[_COMMAND_LINE_CALLBACK],
            logout_urls=[_COMMAND_LINE_CALLBACK],
        ),
        supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
        prevent_user_existence_errors=True,
        enable_token_revocation=True,
        access_token_validity=Duration.hours(1),
        id_token_validity=Duration.hours(1),
        refresh_token_validity=Duration.days(30),
    )
