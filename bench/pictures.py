"""The pictures of docs/performance.md, drawn from the results: plain SVG that reads on a light and on a dark page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from bench.figures import Figure, Part

WIDTH = 960
LEFT = 250
RIGHT = 930

_STYLE = """
    .page { fill: #ffffff; stroke: #d0d7de; }
    .grid { stroke: #d8dee4; } .floor { stroke: #8c959f; fill: #8c959f; } .ours { stroke: #0969da; fill: #0969da; }
    .target { stroke: #cf222e; stroke-width: 2; }
    text { fill: #1f2328; } .small { font-size: 12.5px; fill: #57606a; } .bold { font-weight: 600; }
    .mid { text-anchor: middle; } .end { text-anchor: end; }
    .c0 { fill: #54aeff; } .c1 { fill: #a475f9; } .c2 { fill: #218bff; } .c3 { fill: #f778ba; } .c4 { fill: #80ccff; }
    .c5 { fill: #4ac26b; } .c6 { fill: #d4a72c; } .c7 { fill: #fb8f44; } .c8 { fill: #57ab5a; } .c9 { fill: #afb8c1; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; stroke: #30363d; }
      .grid { stroke: #30363d; } .floor { stroke: #8b949e; fill: #8b949e; } .ours { stroke: #58a6ff; fill: #58a6ff; }
      .target { stroke: #f85149; }
      text { fill: #e6edf3; } .small { fill: #9da7b3; }
      .c0 { fill: #388bfd; } .c1 { fill: #8957e5; } .c2 { fill: #1158c7; } .c3 { fill: #db61a2; }
      .c4 { fill: #79c0ff; } .c5 { fill: #2ea043; } .c6 { fill: #bb8009; } .c7 { fill: #db6d28; } .c8 { fill: #347d39; }
      .c9 { fill: #6e7681; }
    }
"""

COST_LINES = (
    ("table", "table, writes"),
    ("storage", "table, storage and backup"),
    ("gateway", "API Gateway"),
    ("authorize", "authorize"),
    ("api", "api"),
    ("hand_off", "hand_off"),
    ("queue", "SQS"),
    ("fire", "fire, mostly waiting"),
    ("count", "count, and its counters"),
    ("logs", "logs"),
)
"""What is paid for: its name in the results, and for people; in the order of the bars."""


def lateness(part: Part) -> str:
    """A bar from p50 to p99 for each case, below it that of its floor, on a logarithmic axis."""
    rows = [figure for figure in part.figures if figure.floor]
    height = 120 + 52 * len(rows)
    shapes = [
        *_grid(height),
        *(shape for number, row in enumerate(rows) for shape in _lateness_row(row, 108 + 52 * number)),
    ]
    described = "; ".join(
        f"{_case(row)}: {row.values[0]:.2g} and {row.values[1]:.2g}, floor {row.floor[0]:.2g} and {row.floor[1]:.2g}"
        for row in rows
    )
    return _svg(
        "Lateness of the in-process worker",
        f"Milliseconds from the due instant to the first byte, p50 and p99, beside a bare loop. {described}.",
        height,
        [
            '<text class="bold" x="28" y="36">How late the first byte leaves, from p50 to p99, in milliseconds</text>',
            '<rect class="ours" x="28" y="52" width="22" height="10" rx="5"/>'
            '<text class="small" x="58" y="62">Punctual</text>',
            '<rect class="floor" x="148" y="54" width="22" height="6" rx="3"/>'
            '<text class="small" x="178" y="62">the floor: a bare loop over open sockets</text>',
            '<path class="target" d="M470 50 v14"/><text class="small" x="480" y="62">target of p99</text>',
            *shapes,
        ],
    )


def _x(milliseconds: float) -> float:
    """From 0.1 to 100 ms, each decade as wide as the other."""
    decades = math.log10(min(max(milliseconds, 0.1), 100)) + 1
    return LEFT + decades / 3 * (RIGHT - LEFT)


def _grid(height: int) -> Iterator[str]:
    for tick in (0.1, 1, 10, 100):
        yield f'<path class="grid" d="M{_x(tick):.0f} 84 V{height - 34}"/>'
        yield f'<text class="small mid" x="{_x(tick):.0f}" y="{height - 16}">{tick:g}</text>'


def _lateness_row(figure: Figure, y: int) -> Iterator[str]:
    yield f'<text class="end" x="{LEFT - 16}" y="{y + 12}">{escape(_case(figure))}</text>'
    for (p50, p99), css, top, thickness in ((figure.values, "ours", y, 10), (figure.floor, "floor", y + 14, 6)):
        width = max(_x(p99) - _x(p50), thickness)
        yield (
            f'<rect class="{css}" x="{_x(p50):.1f}" y="{top}" width="{width:.1f}" height="{thickness}" '
            f'rx="{thickness / 2:g}"/>'
        )
    if figure.targets:
        yield f'<path class="target" d="M{_x(figure.targets[1]):.1f} {y - 5} v30"/>'


def _case(figure: Figure) -> str:
    return figure.name.partition(":")[0].replace(", beside a thread that works half of the time", ", half-loaded")


def cost(part: Part) -> str:
    """A bar for each case, made of what is paid for."""
    cases = [figure for figure in part.figures if f"{figure.key.removeprefix('cost-')}:table" in part.details]
    scale = (RIGHT - LEFT - 60) / max(figure.values[0] for figure in cases)
    height = 150 + 48 * len(cases)
    shapes = [shape for number, case in enumerate(cases) for shape in _cost_row(case, part, 120 + 48 * number, scale)]
    if cases[0].targets:
        x = LEFT + cases[0].targets[0] * scale
        shapes.append(f'<path class="target" d="M{x:.1f} 106 V{height - 24}"/>')
        shapes.append(f'<text class="small mid" x="{x:.1f}" y="{height - 8}">target, ${cases[0].targets[0]:g}</text>')
    described = "; ".join(f"{case.name}: {case.values[0]:.2f}" for case in cases)
    return _svg(
        "What a million jobs cost",
        f"Dollars for a million jobs on AWS, by what is paid for, worked out from measurements. {described}.",
        height,
        ['<text class="bold" x="28" y="36">What a million jobs cost on AWS, in dollars</text>', *_legend(), *shapes],
    )


def _legend() -> Iterator[str]:
    for number, (_, label) in enumerate(COST_LINES):
        x, y = 28 + 184 * (number % 5), 52 + 22 * (number // 5)
        yield f'<rect class="c{number}" x="{x}" y="{y}" width="14" height="12" rx="3"/>'
        yield f'<text class="small" x="{x + 21}" y="{y + 11}">{escape(label)}</text>'


def _cost_row(figure: Figure, part: Part, y: int, scale: float) -> Iterator[str]:
    case = figure.key.removeprefix("cost-")
    words = _two_lines(figure.name)
    for number, text in enumerate(words):
        baseline = y + (18 if len(words) == 1 else 11 + 16 * number)
        yield f'<text class="end" x="{LEFT - 16}" y="{baseline}">{escape(text)}</text>'
    x = float(LEFT)
    for number, (line, _) in enumerate(COST_LINES):
        width = part.details[f"{case}:{line}"] * scale
        yield f'<rect class="c{number}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="26"/>'
        x += width
    yield f'<text class="bold" x="{x + 8:.1f}" y="{y + 18}">{figure.values[0]:.2f}</text>'


def _two_lines(name: str) -> Sequence[str]:
    first, comma, second = name.partition(", ")
    return (f"{first},", second) if comma else (first,)


def _svg(title: str, description: str, height: int, shapes: Sequence[str]) -> str:
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" \
font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="14" role="img" \
aria-labelledby="title description">
  <title id="title">{escape(title)}</title>
  <desc id="description">{escape(description)}</desc>
  <style>{_STYLE}  </style>
  <rect class="page" x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="12"/>
  {f"{chr(10)}  ".join(shapes)}
</svg>
"""
