"""Pages about the API itself, for everybody. They were made when this function was packed, and lie beside its code."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path

from lambdas.handlers.http import HttpAnswer

FOLDER = Path(__file__).resolve().parents[1] / "pages"

_FOR_EVERYBODY = {"cache-control": "public, max-age=300"}


def page(name: str) -> HttpAnswer:
    """The page of this name: what `description.pages` packed."""
    headers, content = _read(FOLDER / f"{name}.page")
    return HttpAnswer(200, content, {**headers, **_FOR_EVERYBODY})


@cache
def _read(path: Path) -> tuple[dict[str, str], bytes]:
    packed = json.loads(path.read_text("utf-8"))
    return packed["headers"], base64.b64decode(packed["gzip"])
