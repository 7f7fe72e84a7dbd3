"""The local stack from nothing to ready: emulator, template, deploy, repairs, a user, warm workers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import deploy, emulator, repairs, stack_file, synth, tool, warm
from local.progress import RunFailed, step
from local.settings import Settings
from local.user import sign_in

USER = "you@example.com"


@dataclass(frozen=True)
class Stack:
    """A deployed stack that serves."""

    description: dict[str, Any]
    """What stack.json says."""
    alive: Callable[[], bool]
    """Whether its emulator still runs."""
    renewed: Callable[[], dict[str, Any]]
    """The description with a fresh token."""


@contextlib.contextmanager
def deployed(settings: Settings, listener: emulator.Listener) -> Iterator[Stack]:
    """Start everything, yield when it is ready, stop it all at the end. Raises RunFailed."""
    home = emulator.Home(settings.state / "emulator")
    logs = settings.state / "logs"
    try:
        with contextlib.ExitStack() as held:
            with step("starting the emulator of AWS"):
                running = held.enter_context(
                    emulator.running(
                        settings.port,
                        home,
                        keep=settings.keep,
                        listener=listener,
                        remove_on_exit=settings.state / "stack.json",
                    )
                )
            assembly = _prepare(settings, logs)
            with step("deploying (cdk deploy)"):
                outputs = deploy.deploy(
                    assembly, settings.endpoint_url, logs=logs, outputs_file=settings.state / "outputs.json"
                )
            with step("signing in a user, starting the functions"):
                repairs.repair(assembly, settings.endpoint_url, outputs)
                inbox_url = repairs.subscribe_inbox(settings.endpoint_url, outputs["AlertsTopicArn"])
                description = _described(settings, outputs, inbox_url)
                _warm(settings, outputs, description)
            yield Stack(description, running.alive, lambda: _described(settings, outputs, inbox_url))
    finally:
        tool.stop_all()


def _prepare(settings: Settings, logs: Path) -> Path:
    """Bootstrap and synthesise at the same time; the template's folder."""
    with step("making the template, preparing for the CDK"), ThreadPoolExecutor() as pool:
        template = pool.submit(synth.cached, settings.cdk_context())
        bootstrap = pool.submit(deploy.bootstrap, settings.endpoint_url, logs)
        _wait_for(bootstrap, template)
        return template.result()


def _wait_for(*futures: Future[Any]) -> None:
    """Wait in this thread, where Ctrl-C arrives, and end the others' commands when it does or when one fails."""
    try:
        for future in futures:
            future.result()
    except BaseException:
        tool.stop_all()
        raise


def _described(settings: Settings, outputs: dict[str, str], inbox_url: str) -> dict[str, Any]:
    user = sign_in(
        settings.endpoint_url, pool_id=outputs["UserPoolId"], client_id=outputs["UserPoolClientId"], name=USER
    )
    return stack_file.describe(settings, outputs, user, inbox_url)


def _warm(settings: Settings, outputs: dict[str, str], description: dict[str, Any]) -> None:
    try:
        warm.warm(settings.endpoint_url, outputs, api_url=description["api_url"], token=description["token"])
    except OSError as failure:
        raise RunFailed(f"The API does not answer on {description['api_url']}: {failure}") from failure
