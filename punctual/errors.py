"""What can go wrong, as one tree. Catch as much of it as you mean to handle:

PunctualError
├── Unreachable          no answer came: the network, the name, the certificate, the time-out
├── UnexpectedAnswer     an answer came that is not the service's: is this its address?
├── SignInRefused        the issuer of tokens said no (`punctual.sign_in`)
└── Problem              the service, or the gateway before it, said no, and why
    ├── Unauthenticated  401  the token is missing, expired or of somewhere else
    ├── Forbidden        403  the token lacks a scope
    ├── NotFound         404  no such thing, or not yours
    ├── Conflict         409  the job runs, has finished, or has not yet
    ├── PreconditionFailed 412  the job has changed since the version you named
    ├── TooManyRequests  429  after the client's own patience is used up
    ├── Refused          any other 4xx: something in what was sent, told field by field in `faults`
    └── ServiceFailed    5xx  after the client's own retries
"""

from __future__ import annotations

from dataclasses import dataclass


class PunctualError(Exception):
    """Anything that this package raises, but for wrong arguments (TypeError, ValueError)."""


class Unreachable(PunctualError):
    """No answer came. `sent` says whether the request may have reached the service all the same, `reads` whether that
    makes no difference, because it changes nothing."""

    def __init__(self, message: str, *, sent: bool, reads: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.reads = reads


class UnexpectedAnswer(PunctualError):
    """An answer came that the service does not give."""


class SignInRefused(PunctualError):
    """The issuer gives no token. `code` is its own word for why ("" if it is ours), such as `invalid_grant`."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request: where (dotted path, header, or `document`), which code, and in words."""

    field: str
    code: str
    message: str


class Problem(PunctualError):
    """The service said no.

    `status` is HTTP's, `code` the contract's (that of the first fault; "" when the gateway answered by itself),
    `detail` a sentence for people, `faults` everything that is wrong, `request_id` what to name to the operators,
    `retry_after` the seconds after which to try again, if the service said so.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        faults: tuple[Fault, ...] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{detail} ({code or status})")
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = faults
        self.request_id = request_id
        self.retry_after = retry_after


class Unauthenticated(Problem):
    """401"""


class Forbidden(Problem):
    """403"""


class NotFound(Problem):
    """404"""


class Conflict(Problem):
    """409"""


class PreconditionFailed(Problem):
    """412"""


class TooManyRequests(Problem):
    """429"""


class Refused(Problem):
    """Any other 4xx"""


class ServiceFailed(Problem):
    """5xx"""


_BY_STATUS: dict[int, type[Problem]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    429: TooManyRequests,
}


def problem_class(status: int) -> type[Problem]:
    """Which error a status becomes."""
    return _BY_STATUS.get(status, ServiceFailed if status >= 500 else Refused)
