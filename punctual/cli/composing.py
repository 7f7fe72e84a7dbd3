"""A request made from what people write: a method, a URL, headers, a body, in the ways of curl and of httpie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from punctual.cli.bodies import Read, body_of, content_of
from punctual.cli.errors import Misused
from punctual.cli.items import Item, is_document, is_field, item_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A request to schedule. `body` is text, bytes or a JSON value; None is none.

    `more` are other fields of a job that were written with it, such as curl's time-out. `notes` say, a sentence each,
    what is not sent as it was written, and why.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: tuple[str, ...] = ()
    body: Any = None
    more: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        """What the client's methods take beside `url`."""
        fields: dict[str, Any] = {"method": self.method, **self.more}
        if self.headers:
            fields["headers"] = dict(self.headers)
        if self.secret_headers:
            fields["secret_headers"] = list(self.secret_headers)
        if self.body is not None:
            fields["body"] = self.body
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What stands on the command line. `words` are those without an option, `curl` those after `--`."""

    words: Sequence[str] = ()
    curl: Sequence[str] = ()
    method: str | None = None
    headers: Sequence[str] = ()
    secret_headers: Sequence[str] = ()
    data: Sequence[str] = ()
    form: bool = False


@dataclass(slots=True)
class _Words:
    """Words sorted by what they are."""

    method: str | None
    url: str
    items: list[Item]
    documents: list[str]

    def those(self, *separators: str) -> list[Item]:
        return [item for item in self.items if item.separator in separators]


def composed(written: Written, read: Read = content_of) -> Composed:
    """The request that was written. Raises Misused if it is none, or two."""
    if written.curl:
        from punctual.cli.curl import request_of

        if written.words or written.method or written.headers or written.data or written.form:
            raise Misused(
                "There are two requests: one before `--`, and curl's after it.",
                hint="Before `--` goes what curl does not know: when, how often, and what success is.",
            )
        return request_of(written.curl, secret_headers=written.secret_headers, read=read)
    words = _sorted(written.words, written.method)
    headers, secrets = headers_of(written.headers, written.secret_headers, read)
    for item in words.those(":"):
        add_header(headers, item.plain_name, item.value.strip())
    fields = words.those("=", ":=", "=@", ":=@")
    body, media_type = body_of(written.data, fields, words.documents, form=written.form, read=read)
    if media_type and not has_header(headers, "content-type"):
        headers["Content-Type"] = media_type
    query = urlencode([(item.plain_name, item.value) for item in words.those("==")])
    return Composed(
        method=(words.method or ("GET" if body is None else "POST")).upper(),
        url=with_query(words.url, query),
        headers=headers,
        secret_headers=secrets,
        body=body,
    )


def curl_goes_last() -> Misused:
    """What is said of a curl command whose options would be taken for ours."""
    return Misused(
        "A curl command goes after `--`, so that its options are curl's.",
        hint="As in: punctual schedule --in 10m -- curl -X POST https://example.com/hook",
    )


def headers_of(
    lines: Iterable[str], secret: Iterable[str] = (), read: Read = content_of
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Headers by name, and the names of those that are secret, of lines as curl takes them.

    A line is `Name: value`, `Name;` for an empty value, or `@file` with a line each. `secret` has names, or whole
    lines. Raises Misused for anything else, and for a header that is there twice.
    """
    headers: dict[str, str] = {}
    for line in lines_of(lines, read):
        add_header(headers, *header_of(line, "--header"))
    names = []
    for line in secret:
        name = line.strip()
        if ":" in line:
            name, value = header_of(line, "--secret-header")
            add_header(headers, name, value)
        names.append(name)
    return headers, tuple(names)


def lines_of(given: Iterable[str], read: Read) -> Iterable[str]:
    """Lines of headers, those of files among them."""
    for line in given:
        if line.startswith("@"):
            yield from filter(None, read(line[1:], "--header").decode("latin-1").splitlines())
        else:
            yield line


def header_of(line: str, option: str) -> tuple[str, str]:
    """Name and value of one line. Raises Misused, never with the value, which may be a secret."""
    name, colon, value = line.partition(":")
    if not colon and line.endswith(";"):
        return line[:-1].strip(), ""
    if not colon or not name.strip():
        raise Misused(f"{option} takes 'Name: value', and this has no {'name' if colon else 'colon'}.")
    return name.strip(), value.strip()


def add_header(headers: dict[str, str], name: str, value: str) -> None:
    """Add a header. Raises Misused if it is there already, in whatever case."""
    if has_header(headers, name):
        raise Misused(f"The header {name} is given twice.", hint="Several values go into one, with commas between.")
    headers[name] = value


def has_header(headers: Mapping[str, str], name: str) -> bool:
    """Whether a header is set, in whatever case."""
    return any(name.lower() == other.lower() for other in headers)


def with_query(url: str, query: str) -> str:
    """The URL with more of a query, which is encoded already; before its fragment."""
    if not query:
        return url
    before, hash_sign, fragment = url.partition("#")
    joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
    return f"{before}{joint}{query}{hash_sign}{fragment}"


def _sorted(words: Sequence[str], method: str | None) -> _Words:
    """Method, URL and items, in this order; fields of a body may also come before."""
    left = list(words)
    if left and (left[0] == "curl" or left[0].startswith("curl ")):
        raise curl_goes_last()
    rest = []
    while left and (is_field(left[0]) or is_document(left[0])):
        rest.append(left.pop(0))
    if len(left) > 1 and re.fullmatch("[A-Za-z]+", left[0]) and not is_field(left[1]) and not is_document(left[1]):
        if method and method.upper() != left[0].upper():
            raise Misused(f"There are two methods, {left[0].upper()} and {method.upper()}.")
        method = left.pop(0)
    if not left:
        raise Misused("There is no URL.", hint="As in: punctual schedule POST https://example.com/hook --in 10m")
    url = left.pop(0)
    rest += left
    documents = [word for word in rest if is_document(word)]
    return _Words(method, url, [_item(word) for word in rest if not is_document(word)], documents)


def _item(word: str) -> Item:
    item = item_of(word)
    if item is None:
        raise Misused(
            f"It is not clear what {word!r} is.",
            hint="The method stands before the URL."
            if re.fullmatch("[A-Z]+", word)
            else "After the URL may come name=value, name:=json, Header:value, and name==value for the query. "
            "A time goes after --at or --in.",
        )
    if item.separator == "@":
        raise Misused(f"{word!r} would send a file as part of a form.", hint="A whole file is sent by --data @file.")
    return item
