"""`app.py`, as the CDK's command line runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App

import app
from infra.packaging import FUNCTIONS, ROOT
from tests.infra.templates import STAGES, template, template_with_everything

OUTPUTS = {
    "ApiUrl",
    "HttpApiId",
    "TableName",
    "JobsQueueUrl",
    "DeadLettersUrl",
    "AlertsTopicArn",
    "UserPoolId",
    "UserPoolClientId",
    "SignInUrl",
    "AuthorizeFunctionName",
    "ApiFunctionName",
    "CheckFunctionName",
    "HandOffFunctionName",
    "SweepFunctionName",
    "FireFunctionName",
    "BuryFunctionName",
    "CountFunctionName",
}


def test_synthesis_needs_no_account_no_region_and_no_look_up(tmp_path: Path) -> None:
    """In an environment that knows nothing of AWS; the real packages are in the assembly, by their hashes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"CDK_OUTDIR": str(tmp_path), "CDK_CONTEXT_JSON": json.dumps({"stage": "local"})}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert "missing" not in manifest
    assert manifest["artifacts"]["Punctual-local"]["environment"] == "aws://unknown-account/unknown-region"
    assert len(list(tmp_path.glob("asset.*.zip"))) == len(FUNCTIONS)


def test_bad_settings_end_with_what_is_wrong_and_no_traceback(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """On standard error, which the CDK shows."""
    assert app.main(App(context={"stage": "production"}, outdir=str(tmp_path))) == 1
    assert capsys.readouterr().err == "stage: 'production' is none of local, dev, prod\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stage", STAGES)
def test_the_outputs_say_where_things_are(stage: str) -> None:
    """Scripts and the local stack go by these names."""
    assert template(stage).outputs.keys() == OUTPUTS


def test_without_a_pool_of_ours_its_outputs_are_missing() -> None:
    """And nothing else is."""
    pool = {"UserPoolId", "UserPoolClientId", "SignInUrl"}
    assert template_with_everything().outputs.keys() == OUTPUTS - pool


@pytest.mark.parametrize("stage", STAGES)
def test_what_can_carry_tags_says_whose_it_is(stage: str) -> None:
    """For the bill, and for whoever finds it."""
    for resource in template(stage).resources.values():
        tags = resource.get("Properties", {}).get("Tags")
        if isinstance(tags, list):
            tags = {tag["Key"]: tag["Value"] for tag in tags}
        if tags is not None:
            assert tags.items() >= {"project": "punctual", "stage": stage}.items()
    assert sum("Tags" in resource.get("Properties", {}) for resource in template(stage).resources.values()) > 20
