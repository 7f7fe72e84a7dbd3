"""The page `/docs`: all of it there, every link leads somewhere, and nothing that a strict browser would not show."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from description import page
from description.document import document
from description.words import codes_by_status, rows
from lambdas.handlers.http import PROBLEM_TYPE

DOCUMENT = document()
VOID = frozenset({"meta", "br", "hr", "img", "link"})


class Reader(HTMLParser):
    """Reads a page as strictly as it was written: every element is closed, in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        told = {name: value or "" for name, value in attrs}
        self.attributes |= told.keys()
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told["href"]] if "href" in told else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


TEXT = page.html(DOCUMENT)
READ = Reader(TEXT)


def test_it_is_whole() -> None:
    """Each element ends where it should, and each place has one name."""
    assert READ.open == []
    assert [place for place, times in Counter(READ.ids).items() if times > 1] == []
    assert READ.tags["h1"] == READ.tags["main"] == READ.tags["nav"] == 1


def test_every_link_leads_to_a_place_in_it_or_to_the_internet() -> None:
    """None to a file of the repository, which whoever reads this has not."""
    inside = {link.removeprefix("#") for link in READ.links if link.startswith("#")}
    assert sorted(inside - set(READ.ids)) == []
    others = [link for link in READ.links if not link.startswith(("#", "https://", "data:image/svg"))]
    assert others == ["openapi.json"]


@pytest.mark.parametrize("code", sorted({code for codes in codes_by_status().values() for code in codes}))
def test_the_type_of_a_problem_leads_to_its_explanation(code: str) -> None:
    """`…/docs#at_past` is a heading, with words under it."""
    page_of_errors, _, place = PROBLEM_TYPE.format(api_url="", code=code).partition("#")
    assert page_of_errors == "/docs"
    found = re.search(rf'<h4 id="{place}">{code}</h4>\n<p>(.{{20,}})', TEXT)
    assert found is not None


def test_the_description_for_programs_leads_to_places_in_it() -> None:
    """Whatever its texts name."""
    named = set(re.findall(r"[(]docs#([\w-]+)", str(DOCUMENT)))
    assert len(named) > 10
    assert sorted(named - set(READ.ids)) == []


def test_every_route_and_every_code_of_its_answers_is_there() -> None:
    """With an example of what it takes."""
    for route, *_ in rows("Routes"):
        assert f"<code>{route.strip(chr(96))}</code></h3>" in TEXT
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            assert operation["operationId"] in READ.ids and f"#{operation['operationId']}" in READ.links
            assert re.match(r"\[?[A-Z]", operation["description"])
            assert (operation.get("requestBody") is None) or "Takes, for example" in TEXT


def test_nothing_is_fetched_and_nothing_runs() -> None:
    """No script, no picture but its own sign, no style but the one whose hash the policy names."""
    assert not READ.tags.keys() & {"script", "img", "iframe", "object", "form", "base", "video", "svg"}
    assert re.findall(r'<link [^>]*?href="(\w+:[^,]*)', TEXT) == ["data:image/svg+xml"]
    assert not {name for name in READ.attributes if name.startswith("on")} | (READ.attributes & {"style", "src"})
    (style,) = re.findall(r"<style>(.*?)</style>", TEXT, re.DOTALL)
    assert "url(" not in style and "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = page.headers()["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
