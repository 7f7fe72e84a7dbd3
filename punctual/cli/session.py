"""What a command is given: where to print, who to ask, what time it is and where."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from punctual.cli.errors import Misused, NotSignedIn
from punctual.cli.terminal import Terminal
from punctual.errors import PunctualError, Unauthenticated, Unreachable

if TYPE_CHECKING:
    from punctual.cli.credentials import Credentials
    from punctual.cli.profiles import Profiles
    from punctual.client import Client
    from punctual.errors import TooManyRequests


class Session:
    """One run of the program. What costs time to have is made when it is first asked for."""

    def __init__(self, terminal: Terminal, *, profile: str | None = None) -> None:
        self.terminal = terminal
        self.profile = profile

    @cached_property
    def credentials(self) -> Credentials:
        """The service and the token. Raises NotSignedIn if there are none."""
        from punctual.cli.credentials import find

        return find(self.profiles, profile=self.profile)

    @cached_property
    def profiles(self) -> Profiles:
        """The services that the user is signed in to."""
        from punctual.cli.profiles import Profiles

        return Profiles(warn=self.terminal.warn)

    def advise(self, error: PunctualError) -> None:
        """Put to an error what can be done about it, if that depends on where the credentials came from."""
        if "credentials" not in self.__dict__:
            return
        if isinstance(error, Unauthenticated) and self.credentials.if_refused:
            error.add_note(self.credentials.if_refused)
        if isinstance(error, Unreachable) and self.credentials.if_unreachable:
            error.add_note(self.credentials.if_unreachable)

    @cached_property
    def client(self) -> Client:
        """The service. Raises NotSignedIn if nobody is signed in."""
        from punctual.client import Client

        try:
            return Client(self.credentials.api_url, self.credentials.token)
        except ValueError as error:
            raise NotSignedIn(f"{self.credentials.source}: {error}") from error

    @cached_property
    def zone(self) -> str:
        """Where times are read: the machine's time zone, such as "Europe/Berlin". Raises Misused if it has no name."""
        from punctual.cli.times.zones import zone_of_machine

        return zone_of_machine()

    @property
    def zone_shown(self) -> str:
        """Where times are shown: the same, or UTC if it has no name."""
        try:
            return self.zone
        except Misused:
            return "UTC"

    def close(self) -> None:
        """Let go of the connections, if any were made."""
        if "client" in self.__dict__:
            self.client.close()

    def wait_for_quota(self, refusal: TooManyRequests) -> None:
        """Wait until there is room again, and say so. Raises the refusal if that is more than two minutes away."""
        if refusal.retry_after is None or refusal.retry_after > 120:
            raise refusal
        self.terminal.say(f"The service takes no more for now: waiting {refusal.retry_after:.0f} seconds.")
        self.sleep(refusal.retry_after)

    def now(self) -> datetime:
        """The time by this machine's clock, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
