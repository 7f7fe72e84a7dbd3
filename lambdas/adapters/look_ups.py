"""Names looked up within a time, by a bounded number of threads."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

MOST_LOOK_UPS = 50
"""How many may be under way in a process, those that nobody waits for any more included. A worker has ten jobs at a
time; the system's resolver gives a name up after some 20 seconds."""

Resolver = Callable[..., Sequence[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what answers like it: called as `resolver(host, port, type=…)`."""


class LookUps:
    """Asks the resolver, in threads: the system's has no time-out that a caller could set.

    A look-up that is given up goes on until the resolver gives up too, and is then forgotten. Until then it takes one
    of the places, so that names whose servers never answer cannot fill the process with threads. Safe to use from
    many threads.
    """

    def __init__(self, resolver: Resolver, most: int = MOST_LOOK_UPS) -> None:
        self._resolver = resolver
        self._places = threading.Semaphore(most)

    def ask(self, host: str, port: int, seconds: float) -> Sequence[tuple[Any, ...]]:
        """What the resolver answers. Raises what it raises, TimeoutError when that or the wait for a place takes
        longer, OSError when there is no thread to be had."""
        ends_at = time.monotonic() + seconds
        if not self._places.acquire(timeout=seconds):
            raise TimeoutError("all look-ups are taken")
        answers: queue.SimpleQueue[Sequence[tuple[Any, ...]] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolver(host, port, type=socket.SOCK_STREAM))
            except Exception as error:  # told to the one who waits
                answers.put(error)
            finally:
                self._places.release()

        try:
            threading.Thread(target=ask, name="resolver", daemon=True).start()
        except RuntimeError as error:
            self._places.release()
            raise OSError("no thread to look a name up") from error
        try:
            answer = answers.get(timeout=max(0.0, ends_at - time.monotonic()))
        except queue.Empty:
            raise TimeoutError("the resolver does not answer") from None
        if isinstance(answer, Exception):
            raise answer
        return answer
