"""The whole service, in the order in which a job passes through it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import CfnOutput, CliCredentialsStackSynthesizer, DefaultStackSynthesizer, Stack, Tags
from constructs import Construct

from infra.burying import Burying
from infra.channels import Channels
from infra.counting import Counting
from infra.encryption import customer_key, secrets_key
from infra.firing import Firing
from infra.front_door import FrontDoor
from infra.handing_off import HandingOff
from infra.identity import Identity
from infra.job_store import JobStore
from infra.metrics import Watched
from infra.python_function import FunctionRecipe
from infra.stage_settings import StageSettings
from infra.sweeping import Sweeping
from infra.watch import Watch


class SchedulerStack(Stack):
    """One stage of Punctual. `packages` maps each function's name to the zip with its code."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: StageSettings, packages: Mapping[str, Path]
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Punctual: makes an HTTP request at the moment you name",
            termination_protection=settings.keeps_data,
            # The emulator enforces roles, and does not know those that a bootstrap makes for deploying.
            synthesizer=CliCredentialsStackSynthesizer() if settings.is_local else DefaultStackSynthesizer(),
        )
        Tags.of(self).add("project", "punctual")
        Tags.of(self).add("stage", settings.stage)

        key = customer_key(self, settings)
        secrets = secrets_key(self, settings)
        recipe = FunctionRecipe(settings=settings, packages=packages, key=key)
        self.store = JobStore(self, "JobStore", settings=settings, key=key)
        self.channels = Channels(self, "Channels", settings=settings, key=key)
        self.identity = Identity(self, "Identity", settings=settings)

        self.front_door = FrontDoor(
            self,
            "FrontDoor",
            recipe=recipe,
            store=self.store,
            secrets=secrets,
            channels=self.channels,
            identity=self.identity,
        )
        self.handing_off = HandingOff(self, "HandingOff", recipe=recipe, store=self.store, channels=self.channels)
        self.sweeping = Sweeping(self, "Sweeping", recipe=recipe, store=self.store, channels=self.channels)
        self.firing = Firing(self, "Firing", recipe=recipe, store=self.store, secrets=secrets, channels=self.channels)
        self.burying = Burying(self, "Burying", recipe=recipe, store=self.store, channels=self.channels)
        self.counting = Counting(self, "Counting", recipe=recipe, store=self.store)

        Watch(self, "Watch", settings=settings, watched=self._watched())
        self._tell_where_things_are()

    def _watched(self) -> Watched:
        return Watched(
            functions={
                "authorize": self.front_door.authorizing.function,
                "api": self.front_door.function,
                "check": self.front_door.checking.function,
                "hand_off": self.handing_off.function,
                "sweep": self.sweeping.function,
                "fire": self.firing.function,
                "bury": self.burying.function,
                "count": self.counting.function,
            },
            front_door=self.front_door,
            channels=self.channels,
            stream_failures=self.handing_off.failures,
            uncounted=self.counting.failures,
            sweep_period=self.sweeping.period,
        )

    def _tell_where_things_are(self) -> None:
        pool, client = self.identity.pool, self.identity.client
        outputs = {
            "ApiUrl": self.front_door.url,
            "HttpApiId": self.front_door.api.api_id,
            "TableName": self.store.table.table_name,
            "JobsQueueUrl": self.channels.jobs.queue_url,
            "DeadLettersUrl": self.channels.dead_letters.queue_url,
            "AlertsTopicArn": self.channels.alerts.topic_arn,
            "UserPoolId": pool.user_pool_id if pool else None,
            "UserPoolClientId": client.user_pool_client_id if client else None,
            "SignInUrl": self.identity.sign_in_url,
            "AuthorizeFunctionName": self.front_door.authorizing.function.function_name,
            "ApiFunctionName": self.front_door.function.function_name,
            "CheckFunctionName": self.front_door.checking.function.function_name,
            "HandOffFunctionName": self.handing_off.function.function_name,
            "SweepFunctionName": self.sweeping.function.function_name,
            "FireFunctionName": self.firing.function.function_name,
            "BuryFunctionName": self.burying.function.function_name,
            "CountFunctionName": self.counting.function.function_name,
        }
        for name, value in outputs.items():
            if value is not None:
                CfnOutput(self, name, value=value)
