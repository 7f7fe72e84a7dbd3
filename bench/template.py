"""What the template of the stage `prod` says: memory, concurrency, alarms. Costs follow from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local import synth

_HANDLER = re.compile(r"lambdas\.handlers\.(\w+)\.handler")


@dataclass(frozen=True, slots=True)
class Deployed:
    """What costs depend on. Memory is in GB, by function."""

    memory_gb: Mapping[str, float]
    workers: int
    """How many batches fire works on at once."""
    lead_seconds: float
    sweep_minutes: float
    retention_days: float
    alarm_metrics: int
    """All metrics that alarms read."""
    dashboards: int
    own_metrics: int
    """Metrics that the functions print: a name and a function each."""
    keys: int
    """Of KMS, without the customer key that may be asked for."""
    queues_polled: int
    """Event sources of SQS."""
    remembered_seconds: float
    """How long the gateway goes by what authorize has said."""
    access_log_format: str


def production() -> Deployed:
    """Synthesise the production stage, or find it in the cache. Raises RunFailed."""
    resources = _resources()
    functions = {
        name: found[1]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
        and (found := _HANDLER.fullmatch(resource["Properties"]["Handler"]))
    }
    of = {function: resources[name]["Properties"] for name, function in functions.items()}
    settings = {name: value for one in of.values() for name, value in one["Environment"]["Variables"].items()}
    sources = {
        functions[source["FunctionName"]["Ref"]]: source for source in _of_type(resources, "Lambda::EventSourceMapping")
    }
    (stage,) = _of_type(resources, "ApiGatewayV2::Stage")
    (authorizer,) = _of_type(resources, "ApiGatewayV2::Authorizer")
    return Deployed(
        memory_gb={function: properties["MemorySize"] / 1024 for function, properties in of.items()},
        workers=sources["fire"]["ScalingConfig"]["MaximumConcurrency"],
        lead_seconds=float(settings["PUNCTUAL_LEAD_SECONDS"]),
        sweep_minutes=float(settings["PUNCTUAL_SWEEP_MINUTES"]),
        retention_days=float(settings["PUNCTUAL_RETENTION_DAYS"]),
        alarm_metrics=sum(map(_metrics_of, _of_type(resources, "CloudWatch::Alarm"))),
        dashboards=len(list(_of_type(resources, "CloudWatch::Dashboard"))),
        own_metrics=len(_own_metrics(resources)),
        keys=len(list(_of_type(resources, "KMS::Key"))),
        queues_polled=sum("ScalingConfig" in source for source in sources.values()),
        remembered_seconds=authorizer["AuthorizerResultTtlInSeconds"],
        access_log_format=stage["AccessLogSettings"]["Format"],
    )


def variables() -> Mapping[str, str]:
    """The environment of all functions together, with something in the place of what only a deploy knows."""
    functions = _of_type(_resources(), "Lambda::Function")
    given = {name: value for one in functions for name, value in one["Environment"]["Variables"].items()}
    return {name: value if isinstance(value, str) else "deployed.example.com" for name, value in given.items()}


def _resources() -> Mapping[str, Any]:
    assembly = synth.cached({"stage": "prod"})
    (template,) = assembly.glob("*.template.json")
    resources: Mapping[str, Any] = json.loads(template.read_text())["Resources"]
    return resources


def _of_type(resources: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """The properties of the resources of a type."""
    return (one["Properties"] for one in resources.values() if one["Type"] == f"AWS::{kind}")


def _metrics_of(alarm: Mapping[str, Any]) -> int:
    """One, or those that a metric expression is made of."""
    return sum("MetricStat" in query for query in alarm["Metrics"]) if "Metrics" in alarm else 1


def _own_metrics(resources: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The dashboard shows every metric that a function prints."""
    (dashboard,) = _of_type(resources, "CloudWatch::Dashboard")
    text = json.dumps(dashboard["DashboardBody"]).replace("\\", "")
    return set(re.findall(r'"Punctual","(\w+)","service","(\w+)"', text))
