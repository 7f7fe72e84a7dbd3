"""The pages as files for the function that shows them: each with its headers, packed, ready to be sent."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import PurePosixPath

from description import page
from description.document import document

FOLDER = PurePosixPath("lambdas/pages")


@cache
def pages() -> Mapping[str, bytes]:
    """The files by their paths in the function's package. The same sources give the same bytes."""
    openapi = document()
    text = json.dumps(openapi, ensure_ascii=False, separators=(",", ":"))
    return {
        str(FOLDER / "openapi.json.page"): packed(text, {"content-type": "application/json"}),
        str(FOLDER / "docs.page"): packed(page.html(openapi), page.headers()),
    }


def packed(text: str, headers: Mapping[str, str]) -> bytes:
    """A page as `lambdas.handlers.pages` reads it."""
    content = gzip.compress(text.encode(), mtime=0)
    return json.dumps({"headers": headers, "gzip": base64.b64encode(content).decode()}, indent=1).encode()
