"""A recording as an SVG that moves by itself, in any browser and on GitHub, without a script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from local.film.recording import Frame, Line, Run

CELL_WIDTH, LINE_HEIGHT, MARGIN, BAR = 8.4, 19, 14, 30
LIGHT = {"ground": "#f6f8fa", "ink": "#1f2328", "red": "#cf222e", "green": "#1a7f37", "brown": "#9a6700"}
LIGHT |= {"blue": "#0969da", "magenta": "#8250df", "cyan": "#1b7c83", "black": "#6e7781"}
DARK = {"ground": "#161b22", "ink": "#d7dce2", "red": "#ff7b72", "green": "#56d364", "brown": "#e3b341"}
DARK |= {"blue": "#79c0ff", "magenta": "#d2a8ff", "cyan": "#76e3ea", "black": "#8b949e"}
"""pyte's names of colours, in shades that are read on a light and on a dark ground. Bright ones are no others."""

PAGE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{label}">
<title>{title}</title>
<desc>{description}</desc>
<style>
{light}
@media (prefers-color-scheme: dark) {{ {dark} }}
text {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre }}
.bold {{ font-weight: bold }}
#strip {{ transform: translateX({last}px) }}
@media (prefers-reduced-motion: no-preference) {{ #strip {{ animation: play {seconds:.2f}s step-end infinite }} }}
@keyframes play {{ {steps} }}
</style>
<rect width="{width}" height="{height}" rx="8" class="ground"/>
<circle cx="20" cy="17" r="5.5" fill="#ff5f57"/>
<circle cx="38" cy="17" r="5.5" fill="#febc2e"/>
<circle cx="56" cy="17" r="5.5" fill="#28c840"/>
<defs>
{lines}
</defs>
<svg y="{bar}" width="{width}" height="{inner}"><g id="strip">
{frames}
</g></svg>
</svg>
"""


def drawn(frames: Sequence[Frame], seconds: float, *, columns: int, rows: int, title: str, description: str) -> str:
    """The SVG. Frames lie side by side, and the strip jumps from one to the next; who wants no motion sees the last."""
    width, inner = round(columns * CELL_WIDTH + 2 * MARGIN), rows * LINE_HEIGHT + 2 * MARGIN
    names = {line: f"l{number}" for number, line in enumerate(dict.fromkeys(_lines(frames)))}
    steps = [
        f"{100 * frame.at / seconds:.3f}% {{ transform: translateX({-n * width}px) }}" for n, frame in enumerate(frames)
    ]
    return PAGE.format(
        width=width,
        height=inner + BAR,
        inner=inner,
        bar=BAR,
        label=escape(title),
        title=escape(title),
        description=escape(description),
        light=_palette(LIGHT),
        dark=_palette(DARK),
        last=-(len(frames) - 1) * width,
        seconds=seconds,
        steps=" ".join(steps),
        lines="\n".join(_symbol(name, line) for line, name in names.items()),
        frames="\n".join(_frame(frame, n * width, names) for n, frame in enumerate(frames)),
    )


def _lines(frames: Sequence[Frame]) -> Iterator[Line]:
    return (line for frame in frames for line in frame.lines if line)


def _symbol(name: str, line: Line) -> str:
    """A line of text, drawn once and used in every frame that shows it."""
    runs = [
        f'<tspan x="{run.column * CELL_WIDTH:.1f}"{_style(run)}>{escape(run.text.rstrip())}</tspan>' for run in line
    ]
    return f'<text id="{name}">{"".join(runs)}</text>'


def _style(run: Run) -> str:
    colour = run.colour.removeprefix("bright")
    classes = " ".join([colour] * (colour in DARK) + ["bold"] * run.bold)
    return f' class="{classes}"' if classes else ""


def _palette(colours: Mapping[str, str]) -> str:
    others = [f".{name} {{ fill: {colour} }}" for name, colour in colours.items() if name != "ink"]
    return " ".join([f"text {{ fill: {colours['ink']} }}", *others])


def _frame(frame: Frame, x: int, names: dict[Line, str]) -> str:
    uses = "".join(
        f'<use href="#{names[line]}" x="{x + MARGIN}" y="{MARGIN + (row + 1) * LINE_HEIGHT - 5}"/>'
        for row, line in enumerate(frame.lines)
        if line
    )
    return f"<g>{uses}</g>"
