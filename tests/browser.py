"""A browser for tests: Chromium without a window, told what to do over a pipe by its DevTools protocol."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-default-browser-check",
)
"""It is to fetch nothing but what a page asks for."""


def found() -> str | None:
    """Where this machine has Chromium, if it has."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Tab:
    """One page that is shown. `console` and `requests` are what it has said and asked for so far."""

    def __init__(self, to: BinaryIO, of: BinaryIO) -> None:
        self._to, self._of, self._number = to, of, 0
        self.console: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol; returns its result. Fails the test if the browser refuses it."""
        return self._call(method, parameters, sessionId=self._session)

    def show(self, url: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Go to an address, in a window of this size, on a machine whose user likes it dark or light."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.evaluate(
            "new Promise(done => document.readyState == 'complete' ? done() : addEventListener('load', done))"
        )

    def evaluate(self, script: str) -> Any:
        """What a script of the test comes to in the page, as JSON can say it."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key, such as Tab or Enter, and let go."""
        code = {"Tab": 9, "Enter": 13, "ArrowRight": 39}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def _call(self, method: str, parameters: dict[str, Any], **of: str) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **of}
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while (answer := self._next()).get("id") != self._number:
            self._hear(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self._of.read(1)) != b"\0":
            assert byte, "the browser has gone"
            text += byte
        heard: dict[str, Any] = json.loads(text)
        return heard

    def _hear(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Log.entryAdded":
                self.console.append(told["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.console.append(json.dumps(told))


@contextlib.contextmanager
def tab(program: str, folder: Path) -> Iterator[Tab]:
    """A browser with one page, and a profile of its own in the folder."""
    (theirs_in, to), (of, theirs_out) = os.pipe(), os.pipe()

    def as_three_and_four() -> None:
        reading, writing = os.dup(theirs_in), os.dup(theirs_out)
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    command = [
        program,
        "--headless=new",
        "--no-sandbox",
        "--remote-debugging-pipe",
        f"--user-data-dir={folder}",
        *QUIET,
    ]
    process = subprocess.Popen(
        command,
        close_fds=False,
        preexec_fn=as_three_and_four,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        with os.fdopen(to, "wb") as writing, os.fdopen(of, "rb") as reading:
            yield Tab(writing, reading)
    finally:
        process.terminate()
        process.wait(10)
