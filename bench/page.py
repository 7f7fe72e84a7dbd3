"""docs/performance.md: the tables between its markers, made from the results. The words around them are written by
hand, and so are the reasons for what is over its target."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figure, Part
from bench.pictures import COST_LINES
from infra.packaging import FUNCTIONS
from tests.contracts.many_jobs import LATEST_FIRST

REASONS: Mapping[str, str] = {
    "lateness-": "sender, target and whatever else ran shared two cores; what the floor took in the same run tells "
    "how much of it is the machine's",
    "stack-": "the emulator, its workers and the target share this machine's cores",
    "cpu-": "the floor, which is botocore's part, moves with the machine",
    "handler-": "Powertools come on top of botocore, and our dataclasses, which are built while they are imported",
    "size-api": "byte code doubles what pydantic takes, which is half of the package",
    "cli-": "the program shares this machine's cores with the stack that answers it, and with whatever else runs",
    "cost-minutely": "nobody shares the two to three seconds that a worker waits for the instant; a month of it is "
    "44,000 jobs and $1.40",
    "cost-": "eight write units on demand are $5.00 of it; the rest is mostly workers that wait for the instant",
}
"""Why a figure may be over its target, by the beginning of its key; the longest that fits counts."""

UNKNOWN = "not known; measure again on a quiet machine"

PACKAGE_COLUMNS = {
    "import": "handler-{}",
    "import, and make its clients": "ready-{}",
    "import without .pyc": "handler-{}-plain",
    "package with .pyc, this machine's": "size-{}-here",
    "package for AWS": "size-{}-aws",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured.

    By part: `loads` are the load averages of the minute before, `runs` how many measurements the medians are of.
    """

    date: str
    processor: str
    cores: int
    python: str
    loads: Mapping[str, float]
    runs: Mapping[str, int]

    def words(self) -> str:
        least, most = min(self.runs.values()), max(self.runs.values())
        times = f"{least} to {most} times" if least < most else f"{most} times" if most > 1 else "once"
        return (
            f"Measured on {self.date} with Python {self.python} on {self.cores} cores ({self.processor}), which other "
            f"work shares: before the parts, {min(self.loads.values()):.1f} to {max(self.loads.values()):.1f} threads "
            f"were busy (load average). Each part was measured {times}; the medians are shown."
        )


def filled(text: str, parts: Mapping[str, Part], machine: Machine) -> str:
    """The page with every marked block made anew. Raises KeyError for a marker of what was not measured."""
    blocks: dict[str, Callable[[], Iterator[str]]] = {
        "machine": lambda: iter([machine.words()]),
        "verdict": lambda: verdict([figure for part in parts.values() for figure in part.figures]),
        "burst": lambda: burst(parts["costs"]),
        "lists": lambda: lists_table(parts["lists"]),
        "packages": lambda: packages_table(parts["packages"]),
        "cost-lines": lambda: cost_lines(parts["costs"]),
        "month": lambda: month(parts["costs"]),
    }

    def block(found: re.Match[str]) -> str:
        name = found[1]
        lines = blocks[name]() if name in blocks else table(parts[name].figures)
        content = "\n".join(lines)
        return f"<!-- bench: {name} -->\n\n{content}\n\n<!-- end of {name} -->"

    return re.sub(r"<!-- bench: ([\w-]+) -->\n.*?<!-- end of \1 -->", block, text, flags=re.DOTALL)


def verdict(figures: Sequence[Figure]) -> Iterator[str]:
    """How many targets are met, and which are not, with why."""
    judged = [figure for figure in figures if figure.met is not None]
    missed = [figure for figure in judged if not figure.met]
    yield f"{len(judged) - len(missed)} of {len(judged)} targets are met.{' Not met:' if missed else ''}"
    if missed:
        yield ""
    for figure in missed:
        measured = amounts(figure.values[: len(figure.targets)])
        unit = figure.unit.partition(",")[0]
        yield f"- {figure.name}: {measured} {unit}, target {amounts(figure.targets)}. Why: {why(figure)}."


def why(figure: Figure) -> str:
    fitting = [beginning for beginning in REASONS if figure.key.startswith(beginning)]
    return REASONS[max(fitting, key=len)] if fitting else UNKNOWN


def table(figures: Sequence[Figure]) -> Iterator[str]:
    """A line for each figure: what was measured, its floor, its target, and whether that is met."""
    with_floor = any(figure.floor for figure in figures)
    yield f"| | unit | measured |{' floor |' if with_floor else ''} target | met |"
    yield f"|---|---|---|{'---|' if with_floor else ''}---|---|"
    for figure in figures:
        cells = [figure.name, figure.unit, amounts(figure.values), *([amounts(figure.floor)] if with_floor else [])]
        met = {None: "", True: "yes", False: "**no**"}[figure.met]
        yield f"| {' | '.join([*cells, amounts(figure.targets), met])} |"


def packages_table(part: Part) -> Iterator[str]:
    """A line for each function: CPU of an import as a multiple of the bare client's and in ms, sizes in MB."""
    yield "| function | bare client, ms | " + " | ".join(PACKAGE_COLUMNS) + " |"
    yield "|---" * (len(PACKAGE_COLUMNS) + 2) + "|"
    for function in FUNCTIONS:
        figures = [part.figure(key.format(function)) for key in PACKAGE_COLUMNS.values()]
        cells = [f"`{function}`", amount(figures[0].floor[1]), *map(_package_cell, figures)]
        yield "| " + " | ".join(cells) + " |"


def _package_cell(figure: Figure) -> str:
    """`1.66 × (226 ms), target 1.7: met` or `12.5 MB (4.5 zipped)`"""
    first, second = map(amount, figure.values)
    cell = f"{first} MB ({second} zipped)" if figure.unit == "MB" else f"{first} × ({second} ms)"
    if figure.met is None:
        return cell
    return f"{cell}, target {amounts(figure.targets)}: {'met' if figure.met else '**not met**'}"


def lists_table(part: Part) -> Iterator[str]:
    """A line for each kind of list, with both orders beside each other."""
    yield "| | earliest first | with few jobs | latest first | with few jobs |"
    yield "|---|---|---|---|---|"
    for figure in part.figures:
        if not figure.name.endswith(LATEST_FIRST):
            other = part.figure(f"{figure.key}{LATEST_FIRST}")
            cells = [*map(amounts, (figure.values, figure.floor, other.values, other.floor))]
            yield f"| {figure.name} | {' | '.join(cells)} |"


def cost_lines(part: Part) -> Iterator[str]:
    """What a million jobs cost in each case, by what is paid for."""
    totals = [figure for figure in part.figures if f"{figure.key.removeprefix('cost-')}:table" in part.details]
    cases = [figure.key.removeprefix("cost-") for figure in totals]
    yield "| $ a million | " + " | ".join(figure.name for figure in totals) + " |"
    yield "|---" * (len(totals) + 1) + "|"
    for line, label in COST_LINES:
        yield f"| {label} | " + " | ".join(f"{part.details[f'{case}:{line}']:.2f}" for case in cases) + " |"
    yield "| **together** | " + " | ".join(f"**{figure.values[0]:.2f}**" for figure in totals) + " |"
    yield "| jobs to a batch | " + " | ".join(f"{part.details[f'jobs_a_firing:{case}']:.1f}" for case in cases) + " |"
    logged = [f"{part.details[f'log_bytes:{case}']:,.0f}" for case in cases]
    yield "| bytes logged a job | " + " | ".join(logged) + " |"


def burst(part: Part) -> Iterator[str]:
    """What becomes of a thousand jobs of one millisecond."""
    half, most = part.figure("burst-lateness").values
    in_time = part.details["burst_in_time"]
    yield (
        f"Of the thousand, {in_time:.0f} leave on their millisecond; half are late by {half:.1f} s or more, and one in "
        f"a hundred by {most:.1f} s or more."
    )


def month(part: Part) -> Iterator[str]:
    """What a month costs whatever is due."""
    yield "| | $ a month |"
    yield "|---|---|"
    for name, dollars in part.details.items():
        if name.startswith("month:"):
            yield f"| {name.removeprefix('month:')} | {dollars:.2f} |"
    yield f"| **together** | **{part.figure('cost-month').values[0]:.2f}** |"


def amounts(values: Sequence[float]) -> str:
    """`0.31 / 0.72`"""
    return " / ".join(map(amount, values))


def amount(value: float) -> str:
    """Three figures are enough: `0.31`, `8.1`, `226`, `1,234`."""
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"
