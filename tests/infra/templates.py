"""The stages' templates, each made once a test run, with empty packages: their code is another test's matter."""

from __future__ import annotations

import functools
import json
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App

from infra.packaging import FUNCTIONS, ROOT
from infra.scheduler_stack import SchedulerStack
from infra.security_rules import check_security
from infra.stage_settings import StageSettings

# Removed when the test run ends.
_PLACE = tempfile.TemporaryDirectory(prefix="punctual-templates-")

STAGES = ("local", "dev", "prod")

PROD_WITH_EVERYTHING = {
    "stage": "prod",
    "kms": "true",
    "alert_email": "ops@example.com",
    "issuer": "https://issuer.example.com/",
    "audience": "punctual,other",
    "sign_in_client": "the-command-line",
    "private_targets": "10.1.0.0/16:8080",
    "own_hosts": "jobs.example.com",
    "api_url": "https://jobs.example.com",
}


@dataclass(frozen=True)
class Template:
    """A synthesised template, asked by type and by what people call things."""

    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]
    report: Mapping[str, Any]
    """What cdk-nag's rules found."""
    folder: Path
    """Where its file lies."""

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of the resources of a type, "AWS::SQS::Queue", by logical id."""
        return {
            name: dict(resource.get("Properties", {}))
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def one(self, kind: str) -> dict[str, Any]:
        """The properties of the only resource of a type."""
        (properties,) = self.all(kind).values()
        return properties

    def function(self, name: str) -> dict[str, Any]:
        """The properties of a function, "hand_off"."""
        return self.all("AWS::Lambda::Function")[self.function_id(name)]

    def function_id(self, name: str) -> str:
        return next(
            logical_id
            for logical_id, function in self.all("AWS::Lambda::Function").items()
            if function["Handler"] == f"lambdas.handlers.{name}.handler"
        )

    def environment(self, name: str) -> dict[str, Any]:
        """A function's variables."""
        variables: dict[str, Any] = self.function(name)["Environment"]["Variables"]
        return variables

    def event_source(self, name: str) -> dict[str, Any]:
        """The event source mapping of a function."""
        mappings = self.all("AWS::Lambda::EventSourceMapping").values()
        return next(mapping for mapping in mappings if mapping["FunctionName"] == {"Ref": self.function_id(name)})

    def queue(self, name: str) -> dict[str, Any]:
        """The properties of a queue: "Jobs", "DeadLetters", "Failures"."""
        return self.all("AWS::SQS::Queue")[self.queue_id(name)]

    def queue_id(self, name: str) -> str:
        return next(logical_id for logical_id in self.all("AWS::SQS::Queue") if name in logical_id)

    def key_id(self, name: str) -> str:
        """The logical id of a key: "Key", the customer's, or "SecretsKey"."""
        (logical_id,) = (key for key in self.all("AWS::KMS::Key") if key[:-8] == name)
        return logical_id

    def deletion_policy(self, kind: str, *, name: str = "") -> str:
        """What becomes of the only resource of a type, or of the only one of a name, when its stack is deleted."""
        (resource,) = (
            resource
            for logical_id, resource in self.resources.items()
            if resource["Type"] == kind and logical_id.startswith(name)
        )
        policy: str = resource["DeletionPolicy"]
        return policy


def text_of(value: Any) -> str:
    """A joined value as one reads it, with what is only known at the deploy in angle brackets: `<AWS::Region>`."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return f"<{value['Ref']}>"
    delimiter, parts = value["Fn::Join"]
    joined: str = delimiter.join(map(text_of, parts))
    return joined


@functools.cache
def template(stage: str) -> Template:
    """The template of a stage with nothing else set."""
    return synthesised(stage=stage)


@functools.cache
def template_with_everything() -> Template:
    """Production with a customer key, an issuer and every other setting that adds something."""
    return synthesised(**PROD_WITH_EVERYTHING)


def synthesised(**context: object) -> Template:
    """The template for these settings, made as `app.py` does, with the flags of cdk.json."""
    settings = StageSettings.from_context(context)
    place = Path(tempfile.mkdtemp(dir=_PLACE.name))
    app = App(outdir=str(place), context=json.loads((ROOT / "cdk.json").read_text())["context"])
    stack = SchedulerStack(app, f"Punctual-{settings.stage}", settings=settings, packages=_empty_packages())
    check_security(app)
    app.synth()
    made = json.loads((place / f"{stack.artifact_id}.template.json").read_text())
    report = json.loads((place / "validation-report.json").read_text())
    return Template(made["Resources"], made["Outputs"], report, place)


@functools.cache
def _empty_packages() -> dict[str, Path]:
    packages = {}
    for name in FUNCTIONS:
        packages[name] = Path(_PLACE.name) / f"{name}.zip"
        with zipfile.ZipFile(packages[name], "w") as archive:
            archive.writestr(f"lambdas/handlers/{name}.py", "")
    return packages
