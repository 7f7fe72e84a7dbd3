"""`make run`: the whole service on this machine until Ctrl-C. Read `stack.deployed` for how it comes to be."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local import aws, emulator, stack_file, try_target, welcome
from local.attempts import line_for
from local.progress import RunFailed, harmless, wall_clock
from local.settings import SettingInvalid, Settings
from local.stack import Stack, deployed

RENEW_TOKEN_SECONDS = 45 * 60
"""A token is good for an hour, as on AWS."""


def main() -> int:
    """Run until told to stop. Returns the exit status: 0 when it was stopped, 1 when it could not go on."""
    started = time.monotonic()
    for stop in (signal.SIGTERM, signal.SIGINT):  # a shell's background jobs would ignore SIGINT
        signal.signal(stop, signal.default_int_handler)
    if "--until-stdin-closes" in sys.argv[1:]:
        threading.Thread(target=_stop_when_stdin_closes, daemon=True).start()
    aws.forget_real_aws(os.environ)
    try:
        settings = Settings.from_environment(os.environ)
        with _alone_in(settings), Journal(settings.state) as journal, deployed(settings, journal.write) as stack:
            _serve(settings, stack, journal, started)
    except (RunFailed, SettingInvalid) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
    return 0


def _serve(settings: Settings, stack: Stack, journal: Journal, started: float) -> None:
    """Ready: tell people and programs so, then wait. Ends by KeyboardInterrupt, or RunFailed if the emulator ends."""
    with try_target.serving(emulator.free_port(settings.port + 1), journal.say) as target_url:
        try:
            _publish(settings.state, stack.description)
            page = welcome.page(
                seconds=time.monotonic() - started,
                description=stack.description,
                target_url=target_url,
                state=settings.state,
            )
            print(page, flush=True)
            _wait(settings.state, stack)
        finally:
            (settings.state / "stack.json").unlink(missing_ok=True)
    raise RunFailed(f"The emulator of AWS ended by itself. Its log: {emulator.Home(settings.state / 'emulator').log}")


def _wait(state: Path, stack: Stack) -> None:
    """Return when the emulator has ended. Meanwhile the files always hold a token that is good for a while."""
    renew_at = time.monotonic() + RENEW_TOKEN_SECONDS
    while stack.alive():
        time.sleep(0.5)
        if time.monotonic() > renew_at:
            _publish(state, stack.renewed())
            renew_at += RENEW_TOKEN_SECONDS


def _publish(state: Path, description: dict[str, Any]) -> None:
    stack_file.write_private(state / "authorization", f"authorization: Bearer {description['token']}\n")
    stack_file.write(state / "stack.json", description)


@contextlib.contextmanager
def _alone_in(settings: Settings) -> Iterator[None]:
    """Refuse to share a state folder with another running copy."""
    settings.state.mkdir(parents=True, exist_ok=True)
    with open(settings.state / "run.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunFailed(
                f"A copy already runs with the state folder {settings.state}. Stop it, or give this one a port and "
                "a folder of its own:\n"
                f"make run PUNCTUAL_PORT={emulator.free_port(settings.port + 4)} PUNCTUAL_STATE={settings.state}/second"
            ) from None
        (settings.state / "stack.json").unlink(missing_ok=True)  # of a copy that was killed
        yield


def _stop_when_stdin_closes() -> None:
    """For a program that starts this (the live tests do): should it be killed, this stops too."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)


class Journal:
    """What happens, on the terminal, one line each; every line that a function prints is in `logs/functions.log`."""

    def __init__(self, state: Path) -> None:
        self._file = state / "logs" / "functions.log"
        self._lock = threading.Lock()

    def __enter__(self) -> Journal:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._log = open(self._file, "w")
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._log.close()

    def write(self, function: str, text: str) -> None:
        """Keep a function's line, and show it if a person wants to see it."""
        with self._lock:
            if not self._log.closed:
                self._log.write(f"{wall_clock()} {function} {harmless(text)}\n")
                self._log.flush()
        shown = line_for(function, text)
        if shown:
            self.say(shown)

    def say(self, text: str) -> None:
        """Print a line with the time of day; whatever is in it, it stays one line and steers nothing (T8)."""
        with self._lock:
            print(f"{wall_clock()}  {harmless(text)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
