"""Start the functions' workers before the first job, all at once. On AWS a warm worker is what traffic leaves behind;
here the first job after `make run` would find every worker cold, half a second late."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from local import aws
from local.launcher import WORKERS_OF_A_CALLED_FUNCTION

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

MOST_AT_ONCE = 64
AT_ONCE = Config(max_pool_connections=MOST_AT_ONCE)
NO_RECORDS: dict[str, Any] = {"Records": []}


def warm(endpoint_url: str, outputs: Mapping[str, str], *, api_url: str, token: str) -> None:
    """Have every worker of `fire` and of the API, and one of each other function, start and make its clients.

    What a function answers does not matter here: one that cannot start says so in the log, and in its first real work.
    """
    functions = aws.session().client("lambda", endpoint_url=endpoint_url, config=aws.CONFIG.merge(AT_ONCE))
    fire = outputs["FireFunctionName"]
    others = [outputs[f"{name}FunctionName"] for name in ("Check", "HandOff", "Bury", "Sweep", "Count")]

    def invoke(function: str) -> None:
        functions.invoke(FunctionName=function, Payload=json.dumps(NO_RECORDS).encode())

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        started = [
            *(pool.submit(invoke, fire) for _ in range(_batches_at_once(functions, fire))),
            *(pool.submit(invoke, other) for other in others),
            *(pool.submit(_list_jobs, api_url, token) for _ in range(WORKERS_OF_A_CALLED_FUNCTION)),
        ]
    for call in started:
        call.result()


def _batches_at_once(functions: LambdaClient, function: str) -> int:
    """How many batches its queue gives to the function at the same time: so many workers it comes to have."""
    mapping = functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"][0]
    return mapping.get("ScalingConfig", {}).get("MaximumConcurrency", 5)


def _list_jobs(api_url: str, token: str) -> None:
    request = urllib.request.Request(f"{api_url}/v1/jobs?limit=1", headers={"authorization": f"Bearer {token}"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=60) as answer:
        answer.read()
