"""A browser for BROWSER: `python browser.py URL` goes there and wherever it is sent, over real HTTP, until a page is
shown. A form with a password is filled in and sent. The page's text goes to the file that BROWSER_SAW names.

With BROWSER_STRAYS it first goes to the callback as somebody would who wants to slip in a code of theirs.
"""

from __future__ import annotations

import html
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

STRAY = "http://localhost:8976/callback?code=theirs&state=guessed"


def shown(url: str, form: dict[str, str] | None = None) -> tuple[str, str]:
    """Where it ended, and the page there."""
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(url, data, timeout=30) as answer:
            return answer.url, answer.read().decode()
    except urllib.error.HTTPError as error:
        return url, f"{error.code} {error.read().decode()}"


def main(url: str) -> None:
    pages = [shown(STRAY)[1], shown("http://localhost:8976/favicon.ico")[1]] if "BROWSER_STRAYS" in os.environ else []
    where, page = shown(url)
    if 'name="password"' in page:
        fields = {
            name: html.unescape(value)
            for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
        }
        fields |= {"username": os.environ["BROWSER_USER"], "password": os.environ["BROWSER_PASSWORD"]}
        action = html.unescape(re.findall(r'<form method="POST" action="([^"]*)"', page)[0])
        _, page = shown(urllib.parse.urljoin(where, action), fields)
    Path(os.environ["BROWSER_SAW"]).write_text("\n".join([*pages, page]), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
