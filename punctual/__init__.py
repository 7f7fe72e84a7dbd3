"""The Python client of Punctual: an HTTP request at the moment you name.

    from punctual import Client

    with Client("https://abc123.execute-api.eu-central-1.amazonaws.com", token) as client:
        job = client.schedule("https://shop.example.com/purge", method="DELETE", at="2036-11-29T06:00:00Z")
        print(job.id, job.due_at)

It knows the service by its documented contract alone (docs/api.md) and shares no code with it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from punctual.client import Client
    from punctual.errors import (
        Conflict,
        Fault,
        Forbidden,
        NotFound,
        PreconditionFailed,
        Problem,
        PunctualError,
        Refused,
        ServiceFailed,
        TooManyRequests,
        Unauthenticated,
        UnexpectedAnswer,
        Unreachable,
    )
    from punctual.fields import (
        Expect,
        ExpectTest,
        JobChanges,
        JobFields,
        Notify,
        OwnersNotify,
        RetryChanges,
        RetryFields,
    )
    from punctual.models import (
        ApiKey,
        Attempt,
        AttemptError,
        BatchResult,
        Check,
        Criterion,
        Job,
        Me,
        Note,
        Request,
        Retry,
        SigningSecret,
        Stats,
        Target,
        TargetAnswer,
        TestResult,
        Validation,
    )

__all__ = [
    "ApiKey",
    "Attempt",
    "AttemptError",
    "BatchResult",
    "Check",
    "Client",
    "Conflict",
    "Criterion",
    "Expect",
    "ExpectTest",
    "Fault",
    "Forbidden",
    "Job",
    "JobChanges",
    "JobFields",
    "Me",
    "NotFound",
    "Note",
    "Notify",
    "OwnersNotify",
    "PreconditionFailed",
    "Problem",
    "PunctualError",
    "Refused",
    "Request",
    "Retry",
    "RetryChanges",
    "RetryFields",
    "ServiceFailed",
    "SigningSecret",
    "Stats",
    "Target",
    "TargetAnswer",
    "TestResult",
    "TooManyRequests",
    "Unauthenticated",
    "UnexpectedAnswer",
    "Unreachable",
    "Validation",
]

_MODULES = ("punctual.errors", "punctual.models", "punctual.fields", "punctual.client")


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: the command line's help needs neither HTTP nor any other."""
    if name in __all__:
        for module in map(import_module, _MODULES):
            if name in vars(module):
                globals()[name] = vars(module)[name]
                return vars(module)[name]
    raise AttributeError(f"module 'punctual' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
