"""The function that answers what stores nothing, and needs the way out to targets for it."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.channels import Channels, acknowledge_address_topics, may_look_for_addresses
from infra.encryption import may_seal
from infra.job_store import OWNER_STATUS, JobStore
from infra.python_function import FunctionRecipe


class Checking(Construct):
    """check: validates documents and tries requests out. Apart from the api, which calls no target and no resolver;
    and with no right to change a job."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        recipe: FunctionRecipe,
        store: JobStore,
        secrets: kms.Key,
        channels: Channels,
        own_hosts: str,
        api_url: str,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = recipe.settings
        self.function = recipe.make(
            self,
            "check",
            description="Validates documents and tries requests out; stores nothing",
            # Most of the time it waits for a target.
            memory_mb=512,
            # The longest look-up or exchange, and some more: the gateway waits 30 s at most.
            timeout=Duration.seconds(28),
            rights=[
                store.may("GetItem", "Query"),
                store.may_query(OWNER_STATUS),
                store.may_note("USAGE#*", settings),
                may_seal(secrets, "Decrypt", settings=settings),
                may_look_for_addresses(channels),
            ],
            environment={
                "PUNCTUAL_TABLE": store.table.table_name,
                "PUNCTUAL_SECRETS_KEY_ARN": secrets.key_arn,
                "PUNCTUAL_HORIZON_SECONDS": str(settings.horizon_seconds),
                "PUNCTUAL_PRIVATE_TARGETS": ",".join(settings.private_targets),
                "PUNCTUAL_ALLOWED_PORTS": ",".join(map(str, settings.allowed_ports)),
                "PUNCTUAL_OWN_HOSTS": own_hosts,
                "PUNCTUAL_API_URL": api_url,
                "PUNCTUAL_ADDRESS_TOPICS": channels.address_topics,
                "PUNCTUAL_LIMITS": settings.limits,
            },
        )
        acknowledge_address_topics(self)
