"""The real `cdk deploy`, into the emulator."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from local import paths, synth, tool
from local.emulator import ACCOUNT, REGION
from local.progress import RunFailed


def bootstrap(endpoint_url: str, logs: Path) -> None:
    """Make the bucket and the roles that the CDK deploys with. Raises RunFailed."""
    with tempfile.TemporaryDirectory() as empty:  # where there is a cdk.json, bootstrap would synthesise first
        tool.run(
            [str(paths.CDK), "bootstrap", f"aws://{ACCOUNT}/{REGION}", "--no-notices"],
            what="Preparing the emulator for the CDK (cdk bootstrap)",
            log=logs / "bootstrap.log",
            cwd=Path(empty),
            environment=_environment(endpoint_url),
        )


def deploy(assembly: Path, endpoint_url: str, *, logs: Path, outputs_file: Path) -> dict[str, str]:
    """Deploy a cloud assembly and return the stack's outputs by name. Raises RunFailed."""
    command = [str(paths.CDK), "deploy", "--all", "--app", str(assembly), "--require-approval", "never"]
    tool.run(
        [*command, "--method", "direct", "--outputs-file", str(outputs_file), "--no-notices"],
        what="Deploying the stack (cdk deploy)",
        log=logs / "deploy.log",
        cwd=paths.ROOT,
        environment=_environment(endpoint_url),
    )
    return read_outputs(outputs_file)


def read_outputs(outputs_file: Path) -> dict[str, str]:
    """The outputs of the one stack, by name, as the CDK wrote them."""
    by_stack: dict[str, dict[str, str]] = json.loads(outputs_file.read_text())
    if len(by_stack) != 1:
        raise RunFailed(f"One stack was expected, and {len(by_stack)} were deployed: {', '.join(by_stack)}.")
    return next(iter(by_stack.values()))


def _environment(endpoint_url: str) -> dict[str, str]:
    return synth.environment() | {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # nosec B105  # every caller's, in the emulator
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
