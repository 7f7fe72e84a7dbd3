"""Names of hosts without a resolver."""

from __future__ import annotations

from lambdas.jobs.errors import ValueRefused


class FakeNames:
    """Names that lead to public addresses, but for the one refusal it is given."""

    def __init__(self, refusal: ValueRefused | None = None) -> None:
        self.refusal = refusal
        self.checked: list[str] = []

    def check(self, url: str) -> None:
        self.checked.append(url)
        if self.refusal is not None:
            raise self.refusal
