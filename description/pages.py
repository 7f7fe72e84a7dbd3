"""The pages as files for the function that shows them: each with its headers, packed, ready to be sent."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import PurePosixPath

from description.document import document

FOLDER = PurePosixPath("lambdas/pages")


@cache
def pages() -> Mapping[str, bytes]:
    """The files by their paths in the function's package. The same sources give the same bytes."""
    openapi = json.dumps(document(), ensure_ascii=False, separators=(",", ":"))
    return {str(FOLDER / "openapi.json.page"): packed(openapi, {"content-type": "application/json"})}


def packed(text: str, headers: Mapping[str, str]) -> bytes:
    """A page as `lambdas.handlers.pages` reads it."""
    content = gzip.compress(text.encode(), mtime=0)
    return json.dumps({"headers": headers, "gzip": base64.b64encode(content).decode()}, indent=1).encode()
