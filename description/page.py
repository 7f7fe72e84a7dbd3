"""The page `/docs`: docs/api.md, every route from the OpenAPI document, every error and the receiving side, in one.

Plain HTML and one style sheet in it, nothing from elsewhere and no script: the strictest policy lets it be shown.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from description.words import ERRORS_PAGE, ROOT, api_page

RECEIVING_PAGE = ROOT / "docs" / "receiving.md"

_ERRORS, _ROUTES = "the-errors-one-by-one", "every-route"
_STYLE = (Path(__file__).parent / "page.css").read_text("utf-8")
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#0a58b8" stroke-width="4" '
    'stroke-linecap="round"><circle cx="16" cy="16" r="13"/><path d="M16 8v8l5 4"/></svg>'
)
"""A clock. In the page itself, or else browsers would ask for one."""
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_PLACES = {"api.md": "", "docs": "", "errors.md": _ERRORS, "receiving.md": "receiving"}
"""What is in the page, by how other pages name it, and where it begins."""


Places = Callable[[int, str], str | None]
"""The anchor of a heading, by its level and text; None if it has none."""


def headers() -> dict[str, str]:
    """What browsers are told beside the page: show it as it is, alone, and fetch nothing."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": f"{policy}; frame-ancestors 'none'",
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=31536000",
        "x-frame-options": "DENY",
    }


def html(openapi: Mapping[str, Any]) -> str:
    """The whole page. `openapi` is the document that `description.document` makes."""
    title = escape(f"{openapi['info']['title']} {openapi['info']['version']}")
    body = "\n".join(
        (
            _with_routes_linked(_without_contents(_rendered(api_page(), deeper=0)), openapi),
            f'<h2 id="{_ROUTES}">Every route</h2>',
            '<p>From <a href="openapi.json">the description for programs</a>.</p>',
            *_routes(openapi),
            _rendered(ERRORS_PAGE.read_text("utf-8"), deeper=1, own_places=_place_of_error),
            _rendered(RECEIVING_PAGE.read_text("utf-8"), deeper=1, own_places=_place_of_receiving),
        )
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}: the API</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:image/svg+xml,{quote(_ICON)}">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">To the text</a>\n<nav aria-label="Contents">\n<p>{title}</p>\n'
        f'{_contents(body)}</nav>\n<main id="main">\n{body}\n</main>\n</body>\n</html>\n'
    )


def _place_of_api(_level: int, text: str) -> str | None:
    """The anchors that GitHub gives to headings."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _place_of_error(level: int, text: str) -> str | None:
    """Each code has its own, which `type` of a problem names; kinds of errors have none."""
    return {1: _ERRORS, 3: text}.get(level)


def _place_of_receiving(level: int, text: str) -> str | None:
    return "receiving" if level == 1 else f"receiving-{_place_of_api(level, text)}"


def _rendered(markdown: str, *, deeper: int, own_places: Places = _place_of_api) -> str:
    """A page of docs/ as HTML, its headings so many levels deeper, with links that lead to places in this page."""
    tokens = _MARKDOWN.parse(markdown)
    for position, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            level = int(token.tag[1])
            token.tag = f"h{level + deeper}"
            if token.type == "heading_open":
                place = own_places(level, re.sub(r"`", "", tokens[position + 1].content))
                token.attrs = {"id": place} if place else {}
        elif token.type == "inline":
            _relink(token.children or [], own_places)
    _join_commands_and_answers(tokens)
    rendered: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    wide = rendered.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")
    scrolled = re.sub(r'<pre><code( class="\w+")?>', r'<pre\1 tabindex="0"><code>', wide)
    return scrolled.replace("<th>", '<th scope="col">')


def _join_commands_and_answers(tokens: Sequence[Token]) -> None:
    """What stands right below a command is its answer; other code has no class."""
    for before, after in pairwise(tokens):
        if before.type == after.type == "fence" and before.info == "sh" and after.info != "sh":
            before.attrs, after.attrs = {"class": "command"}, {"class": "answer"}
    for token in tokens:
        if token.type == "fence":
            token.info = ""


def _relink(tokens: Sequence[Token], own_places: Places) -> None:
    """Links to what is in the page lead there; those to other pages of the project are their text."""
    dropped = False
    for token in tokens:
        if token.type == "link_open":
            target = _target(str(token.attrs["href"]), own_places)
            dropped = target is None
            token.tag, token.attrs = ("span", {}) if target is None else ("a", {"href": target})
        elif token.type == "link_close" and dropped:
            token.tag = "span"


def _target(link: str, own_places: Places) -> str | None:
    if link.startswith("https://"):
        return link
    page, _, place = link.partition("#")
    if page and page not in _PLACES:
        return None
    if place:
        places = _place_of_receiving if page == "receiving.md" else _place_of_api if page else own_places
        return f"#{places(3, place)}"
    return f"#{_PLACES.get(page) or 'main'}"


def _without_contents(page: str) -> str:
    """Without the list of contents that the page has for readers of the repository."""
    return re.sub(r"<ol>.*?</ol>\n", "", page, count=1, flags=re.DOTALL)


def _with_routes_linked(page: str, openapi: Mapping[str, Any]) -> str:
    """Each row of the table of routes leads to all that is told of its route."""
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            code = f"<code>{method.upper()} {escape(path)}</code>"
            page = page.replace(f"<td>{code}</td>", f'<td><a href="#{operation["operationId"]}">{code}</a></td>', 1)
    return page


def _contents(body: str) -> str:
    entries = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', body)
    return "<ol>\n" + "".join(f'<li><a href="#{place}">{text}</a></li>\n' for place, text in entries) + "</ol>\n"


def _routes(openapi: Mapping[str, Any]) -> Sequence[str]:
    return [
        _route(method.upper(), path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]


def _route(method: str, path: str, operation: Mapping[str, Any]) -> str:
    """One route: what it does and asks for, its parameters, its answers with their codes, and its examples."""
    lines = [
        f'<section>\n<h3 id="{operation["operationId"]}"><code>{method} {escape(path)}</code></h3>',
        _rendered(operation["description"], deeper=0),
        f"<p>{_asked_for(operation['security'])}</p>",
    ]
    if parameters := operation["parameters"]:
        rows = [
            f'<tr><th scope="row"><code>{parameter["name"]}</code></th>'
            f"<td>{_inline(parameter.get('description', ''))}</td><td>{parameter['in']}</td></tr>"
            for parameter in parameters
        ]
        lines.append(_table(("parameter", "meaning", "in"), rows))
    if "requestBody" in operation:
        (taken, *_) = operation["requestBody"]["content"].values()
        lines.append(f"<p>Takes, for example:</p>\n{_example(taken['example'])}")
    lines.append(_table(("answer", "when", "codes"), [_answer(*each) for each in operation["responses"].items()]))
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            if "example" in content:
                lines.append(f"<p>{status}, for example:</p>\n{_example(content['example'])}")
    return "\n".join([*lines, "</section>"])


def _asked_for(security: Sequence[Mapping[str, Sequence[str]]]) -> str:
    if not security:
        return "Needs no token."
    scopes = [scope for each in security for scope in each["bearer"]]
    return (
        f"Needs a token with the scope <code>{scopes[0]}</code>." if scopes else "Needs a token, whatever its scopes."
    )


def _answer(status: str, response: Mapping[str, Any]) -> str:
    problem = response.get("content", {}).get("application/problem+json")
    codes = problem["schema"]["allOf"][1]["properties"]["code"]["enum"] if problem else []
    links = ", ".join(f'<a href="#{code}"><code>{code}</code></a>' for code in codes)
    return f'<tr><th scope="row">{status}</th><td>{_inline(response["description"])}</td><td>{links}</td></tr>'


def _inline(markdown: str) -> str:
    return _rendered(markdown, deeper=0).removeprefix("<p>").removesuffix("</p>\n")


def _table(columns: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return (
        f'<div class="wide" tabindex="0"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{chr(10).join(rows)}\n</tbody></table></div>"
    )


def _example(value: Any) -> str:
    return (
        f'<pre tabindex="0"><code>{escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False)}</code></pre>'
    )
