"""The page that `make run` prints when it is ready: commands to paste, and where everything is."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local import paths

PAGE = """
Ready in {seconds:.0f} s.

  API      {api_url}
  AWS      {endpoint_url}   (any credentials of the emulator's account: test / test)
  target   {target_url}   answers /ok, /status/503, /slow, and says here when a request came
  token    {token}
           (good for an hour; the files below always hold a good one)

Paste these into another terminal{where}. A request in five seconds; one that fails, and why; and all of your jobs:

{punctual} schedule DELETE {target_url}/ok --in 5s --wait
{punctual} schedule {target_url}/status/503 --in 5s --retry none --wait
{punctual} list

`{punctual} --help` tells of the rest. If you are signed in elsewhere, add `--profile local`.

The same without it, by curl. 1. Ask for a request in 15 seconds:

curl -sS -H @{authorization} -H 'content-type: application/json' {api_url}/v1/jobs \\
  -d '{{"name": "try it", "method": "DELETE", "url": "{target_url}/ok", "delay_seconds": 15}}' | tee {job}

2. See what became of it:

curl -sS -H @{authorization} {api_url}/v1/jobs/$(grep -o 'job_[0-9a-f-]*' {job} | head -n 1)

3. See all of your jobs:

curl -sS -H @{authorization} '{api_url}/v1/jobs?order=desc'

For programs it is all in {stack_file}. Ctrl-C stops everything; `make run KEEP=1` then goes on with the same jobs.
"""


def page(*, seconds: float, description: Mapping[str, Any], target_url: str, state: Path) -> str:
    """The page's text; `description` is that of stack.json. Paths are short when the state folder is in this clone."""
    inside = state.is_relative_to(paths.ROOT)
    shown = state.relative_to(paths.ROOT) if inside else state
    program = paths.COMMAND_LINE.relative_to(paths.ROOT) if inside else paths.COMMAND_LINE
    # Without it the command line looks for the default folder, here and above.
    named = "" if state == paths.LOCAL else f"PUNCTUAL_STATE={shlex.quote(str(shown))} "
    return PAGE.format(
        seconds=seconds,
        api_url=description["api_url"],
        endpoint_url=description["aws_endpoint_url"],
        target_url=target_url,
        token=description["token"],
        where=f", in {paths.ROOT}" if inside else "",
        punctual=f"{named}{shlex.quote(str(program))}",
        authorization=shown / "authorization",
        job=shown / "job.json",
        stack_file=shown / "stack.json",
    )
