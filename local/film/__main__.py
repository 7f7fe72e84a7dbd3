"""`make film`: what a new user does first, beside a running `make run`, as docs/pictures/first-job.svg."""

from __future__ import annotations

import os
import sys

from local import emulator, paths, try_target
from local.film.recording import Recording
from local.film.svg import drawn

PICTURE = paths.ROOT / "docs" / "pictures" / "first-job.svg"
TITLE = "A job is scheduled, fires on its millisecond, then one fails and says why"
DESCRIPTION = (
    "`punctual schedule POST … --in 5s --wait` says in full when the request will be sent, counts down, and tells that "
    "it was answered 200, 0 ms late. A second job fails with 404, and its answer is shown. `punctual list` has both."
)
COLUMNS, ROWS = 100, 27
TARGET_PORT = 8080
"""Where the recording's target listens, if it is free."""


def scenes(target: str) -> list[str]:
    """What is typed. The target is the one that `make run` brings."""
    return [
        f"punctual schedule POST {target}/ok --in 5s --wait",
        f"punctual schedule GET {target}/status/404 --in 3s --wait",
        "punctual list --limit 2",
    ]


def main() -> int:
    """Record. Returns the exit status."""
    if not (paths.LOCAL / "stack.json").exists():
        print("Start the service first, in another terminal: make run", file=sys.stderr)
        return 1
    path = f"{paths.COMMAND_LINE.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TERM": "xterm-256color", "TZ": "America/New_York"}
    recording = Recording(COLUMNS, ROWS, environment)
    with try_target.serving(emulator.free_port(TARGET_PORT), lambda _line: None) as target:
        for line in scenes(target):
            recording.run(line, ["sh", "-c", line])
    words = {"title": TITLE, "description": DESCRIPTION}
    picture = drawn(recording.frames, recording.seconds, columns=COLUMNS, rows=ROWS, **words)
    PICTURE.write_text(picture, "utf-8")
    frames, size = len(recording.frames), len(picture) // 1024
    print(f"{PICTURE.relative_to(paths.ROOT)}: {recording.seconds:.0f} s, {frames} frames, {size} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
