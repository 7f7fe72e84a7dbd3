"""Pages about the API itself, for everybody. They were made when this function was packed, and lie beside its code."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from pathlib import Path

from lambdas.handlers.desk import SignIn
from lambdas.handlers.http import HttpAnswer

TO_FILL = SignIn("https://issuer.invalid/.well-known/openid-configuration", "client-id-of-the-command-line")
"""What the packed description has in the place of what only the deployed service knows."""

FOLDER = Path(__file__).resolve().parents[1] / "pages"

_FOR_EVERYBODY = {"cache-control": "public, max-age=300"}


def page(name: str) -> HttpAnswer:
    """The page of this name: what `description.pages` packed."""
    headers, content = _read(FOLDER / f"{name}.page")
    return HttpAnswer(200, content, {**headers, **_FOR_EVERYBODY})


def description(sign_in: SignIn) -> HttpAnswer:
    """The page `openapi.json`, with how people sign in here."""
    headers, content = _filled(FOLDER / "openapi.json.page", sign_in)
    return HttpAnswer(200, content, {**headers, **_FOR_EVERYBODY})


@cache
def _filled(path: Path, sign_in: SignIn) -> tuple[dict[str, str], bytes]:
    headers, content = _read(path)
    text = gzip.decompress(content)
    for blank, value in zip(TO_FILL, sign_in, strict=True):
        text = text.replace(json.dumps(blank).encode(), json.dumps(value).encode())
    return headers, gzip.compress(text, mtime=0)


@cache
def _read(path: Path) -> tuple[dict[str, str], bytes]:
    packed = json.loads(path.read_text("utf-8"))
    return packed["headers"], base64.b64decode(packed["gzip"])
