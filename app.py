"""The CDK's way in: `cdk synth`, `cdk deploy`. What may be set is in `infra/stage_settings.py`; `-c stage=prod`."""

from __future__ import annotations

import sys

from aws_cdk import App

from infra.packaging import packages
from infra.python_function import target_of
from infra.scheduler_stack import SchedulerStack
from infra.security_rules import check_security
from infra.stage_settings import SettingsRefused, StageSettings
from infra.wheels import PackagingFailed


def main(app: App) -> int:
    """Write the template of the stage that the context names. Returns the exit status."""
    try:
        settings = StageSettings.from_context(app.node.get_all_context())
        zips = packages(target_of(settings))
    except (SettingsRefused, PackagingFailed) as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201
        return 1
    SchedulerStack(app, f"Punctual-{settings.stage}", settings=settings, packages=zips)
    check_security(app)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main(App()))
