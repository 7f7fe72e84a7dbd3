"""Signing in by the browser, as the terminal sees it: an address to open, and an answer that comes or is pasted."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from punctual.callback import PortTaken, listening
from punctual.cli.errors import NotSignedIn
from punctual.errors import SignInRefused
from punctual.sign_in import BrowserSignIn, NotThisSignIn, Tokens

if TYPE_CHECKING:
    from punctual.cli.session import Session
    from punctual.issuer import Issuer

PATIENCE_SECONDS = 600

_NO_BROWSER = "Try --no-browser, and paste the address that the browser ends at."


def tokens_by_browser(session: Session, issuer: Issuer, *, opens: bool) -> Tokens:
    """Have the user sign in. `opens`: open the browser here; where there is none the answer may be pasted.

    Raises NotSignedIn if nothing comes, SignInRefused if the issuer says no.
    """
    sign_in = BrowserSignIn(issuer)
    answers: queue.Queue[str | None] = queue.Queue()
    with _listening(session, sign_in, answers, must=opens):
        opened = opens and _opened(sign_in.url)
        if opened:
            session.terminal.warn(f"Your browser opens; sign in there. If it does not, open this:\n{sign_in.url}")
        else:
            session.terminal.warn(f"Open this in a browser, and sign in there:\n{sign_in.url}")
        if not opened:
            session.terminal.warn("If that is another machine's, paste the address at which it ends here:")
            threading.Thread(target=_read_lines, args=(answers,), daemon=True).start()
        code = _code(session, sign_in, answers, pasted=not opened)
    return sign_in.tokens(code, now=time.time())


@contextlib.contextmanager
def _listening(
    session: Session, sign_in: BrowserSignIn, answers: queue.Queue[str | None], *, must: bool
) -> Iterator[None]:
    def expects(address: str) -> bool:
        try:
            sign_in.code_in(address)
        except NotThisSignIn:
            return False
        except SignInRefused:
            return True  # a no is an answer too
        return True

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(listening(expects=expects, take=answers.put))
        except PortTaken as taken:
            if must:
                raise NotSignedIn(str(taken), hint=f"End what listens there. Or: {_NO_BROWSER}") from taken
            session.terminal.warn(f"{taken}. Paste the address that the browser ends at.")
        yield


def _opened(url: str) -> bool:
    import webbrowser

    try:
        # One that draws in the terminal would cover what is said here; who wants it all the same names it.
        if type(webbrowser.get()) is webbrowser.GenericBrowser and "BROWSER" not in os.environ:
            return False
        with _without_talk():
            return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


@contextlib.contextmanager
def _without_talk() -> Iterator[None]:
    """What browsers print when they are started is no data of ours: it goes where our talk goes."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _read_lines(answers: queue.Queue[str | None]) -> None:
    """Pass on what is typed. Python's own stdin is left alone: at the end of the program it would be waited for."""
    unfinished = b""
    while True:
        try:
            data = os.read(0, 65_536)
        except OSError:
            data = b""
        *lines, unfinished = (unfinished + data).split(b"\n")
        for line in (*lines, *([] if data else [unfinished])):
            if line.strip():
                answers.put(line.decode("utf-8", "replace").strip())
        if not data:
            answers.put(None)
            return


def _code(session: Session, sign_in: BrowserSignIn, answers: queue.Queue[str | None], *, pasted: bool) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise NotSignedIn(
                f"No answer came within {PATIENCE_SECONDS // 60} minutes.", hint="Try again." if pasted else _NO_BROWSER
            ) from None
        if answer is None:  # nothing more is typed; the browser may still come
            continue
        try:
            return sign_in.code_in(answer)
        except NotThisSignIn as wrong:
            session.terminal.warn(f"{wrong} It begins with http://localhost:8976/callback?")
