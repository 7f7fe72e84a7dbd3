"""The body of a request: `--data` as curl has it, fields and documents as httpie does; files and stdin to the byte."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from punctual.cli.errors import Misused
from punctual.cli.items import Item, json_of, nested, parsed

STDIN = "-"
Read = Callable[[str, str], bytes]
"""Reads a file for an option: its name ("-" is stdin, read whole) and the option, for the message."""

FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"

_FORM = re.compile(r"[^\s=&{}<>\"]+=[^\s<>\"]*")


def body_of(
    data: Sequence[str], items: Sequence[Item], documents: Sequence[str], *, form: bool, read: Read
) -> tuple[Any, str | None]:
    """The body (text, bytes where it is no UTF-8, a JSON value, or None), and the media type that its form tells.

    A JSON value has no type: the service sends it as JSON. Raises Misused if there are two bodies, or none can be made.
    """
    if bool(data) + bool(items) + len(documents) > 1:
        raise Misused("There are two bodies.", hint="Give --data, or one JSON document, or fields such as name=value.")
    if data:
        body = text_or_bytes(b"&".join(_part(one, read) for one in data))
        return body, type_of(body)
    if documents:
        return _document(documents[0], read), None
    if items and form:
        return urlencode([(item.plain_name, _text(item, read)) for item in items]), FORM_TYPE
    if items:
        return nested((item.name, _value(item, read)) for item in items), None
    return None, None


def content_of(name: str, option: str) -> bytes:
    """The bytes of a file, or of stdin. Raises Misused, naming the option, if they cannot be read."""
    if name == STDIN:
        if sys.stdin is None:
            raise Misused(f"{option}: stdin is closed, so there is nothing to read.")
        if sys.stdin.isatty():
            click.echo("Type the body; Ctrl-D on a line of its own ends it.", err=True)
        return sys.stdin.buffer.read()
    try:
        return Path(name).expanduser().read_bytes()
    except OSError as error:
        raise Misused(f"{option}: {name} cannot be read: {error.strerror}.") from None


def text_or_bytes(content: bytes) -> str | bytes:
    """Text if it is UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content


def type_of(body: str | bytes) -> str | None:
    """The media type of a body that shows what it is: a JSON object or array, or a form."""
    if isinstance(body, bytes):
        return None
    if body.lstrip(" \t\r\n").startswith(("{", "[")):
        try:
            parsed(body)
        except ValueError:
            return None
        return JSON_TYPE
    return FORM_TYPE if _FORM.fullmatch(body) else None


def _part(word: str, read: Read) -> bytes:
    source = STDIN if word == "-" else word[1:] if word.startswith("@") else None
    return os.fsencode(word) if source is None else read(source, "--data")


def _document(word: str, read: Read) -> Any:
    if not word.startswith("@"):
        return json_of(word, "The body")
    return json_of(_decoded(read(word[1:], "--json"), "--json", word[1:]), f"What is in {word[1:]}")


def _value(item: Item, read: Read) -> Any:
    """What a field stands for in JSON."""
    if item.separator in ("=", "=@"):
        return _text(item, read)
    return json_of(_text(item, read), f"The value of {item.name!r}")


def _text(item: Item, read: Read) -> str:
    if not item.separator.endswith("@"):
        return item.value
    return _decoded(read(item.value, item.name), item.name, item.value)


def _decoded(content: bytes, option: str, name: str) -> str:
    text = text_or_bytes(content)
    if isinstance(text, bytes):
        raise Misused(f"{option}: {name} is not UTF-8.", hint="Bytes are sent by --data @file.")
    return text
