"""What all tests share: no way to a real account, and an emulator of AWS for those that ask for one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from local import aws, paths
from local.emulator import REGION, Emulator, Home, free_port, running
from tests.services import dynamodb_local as dynamodb_local_process
from tests.services.missing import require

aws.forget_real_aws(os.environ)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # or who has no credentials asks the network for some
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.environ["NETRC"] = os.devnull
for name in [each for each in os.environ if each.startswith("PUNCTUAL_") and each != "PUNCTUAL_PORT"]:
    del os.environ[name]  # of whoever uses the command line here; the port is for the live tests
for name in ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TERM"):
    os.environ.pop(name, None)  # of the terminal that tests are watched in
os.environ["PATH"] = paths.tools_environment()["PATH"]  # the CDK needs Node, which this machine may have from make only
os.environ["AWS_DEFAULT_REGION"] = REGION
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,[::1]"

# A shell lets what it runs in the background ignore Ctrl-C, and so would all that is started here and interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes, or is made for, says nothing on a busy machine; what must be fast has tests of its own.
settings.register_profile("punctual", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("punctual")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of pytest-xdist: who hands out tests. None leaves it to xdist."""
    if config.getvalue("dist") != "load":
        return None
    from tests.services.scheduling import Scheduling  # which needs xdist

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An empty emulator of AWS for the whole test run: `emulator.endpoint_url`. Tests make what they need in it."""
    require(paths.python_of(paths.EMULATOR_VENV).exists(), "the emulator is not installed: run `make setup`")
    with running(free_port(), Home(tmp_path_factory.mktemp("emulator"))) as started:
        yield started


@pytest.fixture(scope="session")
def emulator_client(emulator: Emulator) -> Callable[[str], Any]:
    """Makes boto3 clients of the emulator: `emulator_client("sqs")`."""
    return lambda service: aws.client(service, emulator.endpoint_url)


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """The endpoint URL of Amazon's own DynamoDB Local. Skipped, in CI too, where there is no Java to run it with."""
    reason = dynamodb_local_process.why_not()
    if reason:
        pytest.skip(reason)
    with dynamodb_local_process.running() as endpoint_url:
        yield endpoint_url
