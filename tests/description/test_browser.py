"""The page `/docs` in a real browser: it is shown as it was meant, in wide and narrow windows, light and dark."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from description import page
from description.document import document
from description.words import codes_by_status
from tests import browser

WINDOWS = {"wide": 1280, "tablet": 800, "phone": 390}
CODES = sorted({code for codes in codes_by_status().values() for code in codes})
ENOUGH_CONTRAST = 4.5
"""WCAG 2.2, level AA, for text of any size."""
CONTRASTS = """
    (() => {
      const light = colour => colour.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0)
      const read = colour => colour.match(/[\\d.]+/g).map(Number)
      const behind = node => {
        for (; node; node = node.parentElement) {
          const colour = read(getComputedStyle(node).backgroundColor)
          if (colour.length == 3 || colour[3] == 1) return colour.slice(0, 3)
        }
        return [255, 255, 255]
      }
      const texts = [...document.body.querySelectorAll("*")].filter(
        node => [...node.childNodes].some(child => child.nodeType == 3 && child.data.trim()))
      const ratio = node => {
        const [a, b] = [read(getComputedStyle(node).color).slice(0, 3), behind(node)].map(light)
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
      }
      return Math.min(...texts.map(ratio))
    })()
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page is served, with the headers that the service gives it."""
    html, headers = page.html(document()).encode(), page.headers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/docs" else 404)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(html)

        def log_message(self, *_: Any) -> None:
            """Nothing: the browser tells what it asked for."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/docs"
        server.shutdown()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Tab]:
    program = browser.found()
    if program is None:  # in CI too: a browser comes from the system, and nothing of the project can install it
        pytest.skip("the page is looked at with Chromium, and there is none: apt install chromium")
    with browser.tab(program, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WINDOWS.values(), ids=WINDOWS)
def test_it_fits_its_window_and_can_be_read(tab: browser.Tab, address: str, width: int, dark: bool) -> None:
    """Nothing is wider than the window, no text is fainter than it should be, and nothing is complained of."""
    tab.show(address, width=width, dark=dark)
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert tab.evaluate(CONTRASTS) >= ENOUGH_CONTRAST
    assert (tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)") == dark
    assert tab.console == []
    assert {url for url in tab.requests if not url.startswith(("about:", "data:"))} == {address}


@pytest.mark.parametrize("width", [WINDOWS["wide"], WINDOWS["phone"]], ids=["wide", "phone"])
def test_no_word_of_a_table_is_broken(tab: browser.Tab, address: str, width: int) -> None:
    """Names of fields and codes are copied from there."""
    tab.show(address, width=width)
    codes = "[...document.querySelectorAll('tr > :first-child code')]"
    assert tab.evaluate(f"{codes}.filter(code => code.getClientRects().length > 1).map(code => code.textContent)") == []


@pytest.mark.parametrize("width", [WINDOWS["wide"], WINDOWS["phone"]], ids=["wide", "phone"])
def test_commands_and_answers_are_seen_whole(tab: browser.Tab, address: str, width: int) -> None:
    """Nobody has to move them to and fro."""
    tab.show(address, width=width)
    shown = "[...document.querySelectorAll('pre.command, pre.answer')]"
    assert tab.evaluate(f"{shown}.length") > 40
    assert tab.evaluate(f"{shown}.filter(pre => pre.scrollWidth > pre.clientWidth).map(pre => pre.textContent)") == []


def test_an_address_with_an_anchor_shows_the_place(tab: browser.Tab, address: str) -> None:
    """Each error, each route: its heading stands at the top, and is marked."""
    places = [*CODES, *(told["operationId"] for paths in document()["paths"].values() for told in paths.values())]
    tab.show(address)
    for place in places:
        tab.evaluate(f"location.hash = {place!r}")
        top, marked = tab.evaluate(
            "(place => [place.getBoundingClientRect().top, getComputedStyle(place).boxShadow])"
            "(document.querySelector(':target'))"
        )
        assert 0 <= top < 100 or tab.evaluate("scrollY + innerHeight + 1 >= document.documentElement.scrollHeight"), (
            place
        )
        assert marked != "none"


def test_the_keyboard_leads_past_the_contents_to_the_text(tab: browser.Tab, address: str) -> None:
    """The first key shows the way, the second takes it; what holds the focus can be seen."""
    tab.show(address)
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "To the text"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    tab.press("Enter")
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.closest('main') !== null")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_the_policy_holds(tab: browser.Tab, address: str) -> None:
    """Whoever got something into the page would get nothing out of it: no script, style or request of theirs works."""
    tab.show(address)
    put_in = """(async () => {
      const main = document.querySelector("main")
      main.insertAdjacentHTML("beforeend", "<p id=theirs style='position: fixed' onclick='this.id=`done`'>theirs</p>")
      const theirs = document.getElementById("theirs"), script = document.createElement("script")
      script.textContent = "document.title = 'theirs'"
      main.append(script)
      theirs.click()
      const fetched = await fetch("openapi.json").then(() => true, () => false)
      return [theirs.id, getComputedStyle(theirs).position, document.title == "theirs", fetched]
    })()"""
    assert tab.evaluate(put_in) == ["theirs", "static", False, False]
    tab.console.clear()
