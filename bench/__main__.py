"""`make bench`: measure everything, print it beside its targets, write docs/performance.md.

`python -m bench [--quick] [--only PART …] [--repeat N]`. Results are in .local/bench/results.json; with `--only`
those of the other parts are kept from before. `--quick` takes a minute, shows that the bench works, and leaves the
page alone. It takes about nine minutes; run it while nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import (
    command_line,
    costs,
    cpu,
    lateness_part,
    lists,
    local_stack,
    packages,
    page,
    pictures,
    template,
    write_units,
)
from bench.figures import Part, median_of
from local import paths
from local.progress import RunFailed

PARTS: Mapping[str, Callable[[bool], Part]] = {
    "lateness": lateness_part.measure,
    "local_stack": local_stack.measure,
    "cpu": cpu.measure,
    "packages": packages.measure,
    "write_units": write_units.measure,
    "lists": lists.measure,
    "command_line": command_line.measure,
}
COSTS_FOLLOW_FROM = {"cpu", "packages", "write_units"}

RESULTS = paths.LOCAL / "bench"
PAGE = paths.ROOT / "docs" / "performance.md"
PICTURES = paths.ROOT / "docs" / "performance"


def main() -> int:
    """Returns the exit status: 0 if it could be measured, whatever the figures are."""
    options = _options()
    results = RESULTS / ("quick.json" if options.quick else "results.json")
    kept = _read(results) if options.only else {}
    loads: dict[str, float] = kept.get("loads", {})
    runs: dict[str, int] = kept.get("runs", {})
    parts = {name: Part.from_dict(values) for name, values in kept.get("parts", {}).items()}
    try:
        for name in options.only or PARTS:
            loads[name], runs[name] = os.getloadavg()[0], options.repeat
            parts[name] = _measured(name, quick=options.quick, times=options.repeat)
        if parts.keys() >= COSTS_FOLLOW_FROM:
            parts["costs"] = costs.part(costs.Measured.from_parts(parts), template.production())
            _print("costs", parts["costs"])
    except RunFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    machine = this_machine(loads, runs)
    _write(results, {**asdict(machine), "parts": {name: part.to_dict() for name, part in parts.items()}})
    print(f"\nResults are in {results.relative_to(paths.ROOT)}.")
    if not options.quick:
        publish(parts, machine)
    return 0


def publish(parts: Mapping[str, Part], machine: page.Machine) -> None:
    """Write the page's tables and the pictures, once every part has been measured."""
    missing = [name for name in (*PARTS, "costs") if name not in parts]
    if missing:
        print(f"The page stays as it is: {', '.join(missing)} not measured yet.")
        return
    PAGE.write_text(page.filled(PAGE.read_text(), parts, machine))
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "lateness.svg").write_text(pictures.lateness(parts["lateness"]))
    (PICTURES / "cost.svg").write_text(pictures.cost(parts["costs"]))
    print(f"{PAGE.relative_to(paths.ROOT)} and its pictures are written.")


def this_machine(loads: Mapping[str, float], runs: Mapping[str, int]) -> page.Machine:
    """Where this runs, now; of each part how busy it was before, and how often it was measured."""
    return page.Machine(
        date=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        loads=loads,
        runs=runs,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few repetitions; the page stays as it is")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="measure these, keep the rest from before")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="measure N times and take the medians")
    return parser.parse_args()


def _measured(name: str, *, quick: bool, times: int) -> Part:
    print(f"\n{name} (load average {os.getloadavg()[0]:.1f})", flush=True)
    started = time.monotonic()
    part = median_of([PARTS[name](quick) for _ in range(times)])
    _print(f"{name}, in {time.monotonic() - started:.0f} s", part)
    return part


def _print(title: str, part: Part) -> None:
    print(f"\n{title}")
    for figure in part.figures:
        target = f"   target {page.amounts(figure.targets)}" if figure.targets else ""
        floor = f"   floor {page.amounts(figure.floor)}" if figure.floor else ""
        print(
            f"  {figure.name:<70} {page.amounts(figure.values):>16} {figure.unit}{floor}{target}"
            f"{'   NOT MET' if figure.met is False else ''}",
            flush=True,
        )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return f"{platform.machine()}, {found[1].strip()}" if found else platform.machine()


def _read(results: Path) -> dict[str, Any]:
    return json.loads(results.read_text()) if results.exists() else {}


def _write(results: Path, content: Mapping[str, Any]) -> None:
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
