"""What is sent to a target, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request, complete with the service's own headers.

    `url` is in canonical form (ASCII, punycode host); header values are Latin-1.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the target said.

    `body` holds at most the first 64 KiB, undecoded; `started_at_ms` is the wall clock (epoch milliseconds with a
    fraction) when the first byte went out; `duration_ms` runs from there to the end of what was read.
    """

    status_code: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    started_at_ms: float
    duration_ms: float
    truncated: bool

    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return next(iter(self.all_of(name)), None)

    def all_of(self, name: str) -> list[str]:
        """The values of all headers of this name, whatever its case, in their order."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer that could be judged.

    `code` is one of the API's error codes of an attempt; `message` is for people and holds no secret.
    `started_at_ms` is None when nothing was sent.
    """

    code: str
    message: str
    started_at_ms: float | None
    duration_ms: float

    @property
    def sent(self) -> bool:
        """Whether any byte may have reached the target."""
        return self.started_at_ms is not None
