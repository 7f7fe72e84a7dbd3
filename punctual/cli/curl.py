"""A curl command as a request to schedule. What curl would do and a scheduled request cannot is told, by name."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlsplit

from punctual.cli.bodies import FORM_TYPE, JSON_TYPE, Read, text_or_bytes
from punctual.cli.composing import Composed, add_header, has_header, header_of, headers_of, lines_of, with_query
from punctual.cli.curl_options import HEADERS_NOT_SENT
from punctual.cli.curl_words import options_of
from punctual.cli.errors import Misused
from punctual.cli.job_options import seconds_of

_GLOB = re.compile(r"\{[^{}]*,[^{}]*\}|\[[A-Za-z0-9]+-[A-Za-z0-9]+(?::[0-9]+)?\]")


@dataclass(slots=True)
class _Curl:
    """A curl command while it is read."""

    read: Read
    method: str | None = None
    urls: list[str] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    without: set[str] = field(default_factory=set)
    """Headers, in lower case, that `-H 'Name:'` takes away."""
    body: bytes | None = None
    is_json: bool = False
    flags: set[str] = field(default_factory=set)
    retry: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ignored: dict[str, list[str]] = field(default_factory=dict)
    """Reason → the options, as they were written."""

    def append(self, part: bytes, joint: bytes = b"&") -> None:
        self.body = part if self.body is None else self.body + joint + part


def request_of(words: Sequence[str], *, secret_headers: Sequence[str] = (), read: Read) -> Composed:
    """The request that the command `words` (the first is "curl") would send.

    Raises Misused if it is none, if there are several, or if it asks for what a scheduled request cannot do.
    """
    curl = _Curl(read)
    for option, name, value in options_of(words[1:]):
        if option is None:
            curl.urls.append(value)
        elif option.kind == "refused":
            raise Misused(f"curl's {name} cannot be scheduled: {option.reason}.")
        elif option.kind == "ignored":
            curl.ignored.setdefault(option.reason, []).append(name)
        elif not option.takes_value:
            curl.flags.add(option.name)
        else:
            _PARTS[option.name](curl, value)
    return _made(curl, secret_headers)


def _made(curl: _Curl, secret_headers: Sequence[str]) -> Composed:
    url = _url(curl)
    method = curl.method or ("HEAD" if "head" in curl.flags else "GET" if curl.body is None else "POST")
    if "get" in curl.flags and curl.body is not None:
        url = with_query(url, curl.body.decode("utf-8", "surrogateescape"))
        method, curl.body = curl.method or ("HEAD" if "head" in curl.flags else "GET"), None
    secret_lines, secrets = headers_of((), secret_headers, curl.read)
    for name, value in secret_lines.items():
        add_header(curl.headers, name, value)
    if curl.body is not None:
        _default(curl, "Content-Type", JSON_TYPE if curl.is_json else FORM_TYPE)
    if curl.is_json:
        _default(curl, "Accept", JSON_TYPE)
    if curl.retry:
        curl.more["retry"] = curl.retry
    return Composed(
        method=method,
        url=url,
        headers=_sendable(curl, url),
        secret_headers=secrets,
        body=None if curl.body is None else text_or_bytes(curl.body),
        more=curl.more,
        notes=(*curl.notes, *_ignored(curl)),
    )


def _ignored(curl: _Curl) -> Iterator[str]:
    for reason, names in curl.ignored.items():
        yield f"curl's {', '.join(dict.fromkeys(names))}: ignored, because {reason}."


def _url(curl: _Curl) -> str:
    if not curl.urls:
        raise Misused("The curl command has no URL.")
    if len(curl.urls) > 1:
        raise Misused(f"The curl command has {len(curl.urls)} URLs, and a job is one request.")
    url = curl.urls[0]
    if "globoff" not in curl.flags and _GLOB.search(url):
        raise Misused(
            "curl would make several requests of the braces or brackets in this URL, and a job is one request.",
            hint="If they are meant as they are, add curl's -g.",
        )
    if "://" not in url:
        url = f"http://{url}"
        curl.notes.append("The URL has no scheme: http is taken, as curl does.")
    for query in curl.query:
        url = with_query(url, query)
    return url


def _default(curl: _Curl, name: str, value: str) -> None:
    if not has_header(curl.headers, name) and name.lower() not in curl.without:
        curl.headers[name] = value


def _sendable(curl: _Curl, url: str) -> dict[str, str]:
    """The headers without those that curl and browsers write for the connection, each told."""
    sent = {}
    for name, value in curl.headers.items():
        reason = HEADERS_NOT_SENT.get(name.lower())
        if name.lower() == "host" and value.lower() == (urlsplit(url).netloc.rpartition("@")[2]).lower():
            reason = "it is told by the URL"
        if reason:
            curl.notes.append(f"The header {name} is left out: {reason}.")
        else:
            sent[name] = value
    return sent


def _header(curl: _Curl, text: str) -> None:
    for line in lines_of([text], curl.read):
        name, value = header_of(line, "curl's -H")
        if value or line.endswith(";"):
            add_header(curl.headers, name, value)
        else:
            curl.without.add(name.lower())


def _data(curl: _Curl, text: str) -> None:
    if text.startswith("@"):  # curl takes line ends and NULs out of such a file
        curl.append(re.sub(rb"[\r\n\0]", b"", curl.read(text[1:], "curl's -d")))
    else:
        curl.append(os.fsencode(text))


def _data_raw(curl: _Curl, text: str) -> None:
    curl.append(os.fsencode(text))


def _data_binary(curl: _Curl, text: str) -> None:
    curl.append(curl.read(text[1:], "curl's --data-binary") if text.startswith("@") else os.fsencode(text))


def _encoded(curl: _Curl, text: str, option: str) -> str:
    """`content`, `=content`, `name=content`, `@file` or `name@file` as `--data-urlencode` encodes them."""
    name, sign, content = re.fullmatch(r"([^=@]*)([=@]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    if sign == "@":
        value = quote_plus(curl.read(content, option))
    else:
        value = quote_plus(os.fsencode(content if sign else name))
        name = name if sign else ""
    return f"{name}={value}" if name else value


def _data_urlencode(curl: _Curl, text: str) -> None:
    curl.append(_encoded(curl, text, "curl's --data-urlencode").encode())


def _url_query(curl: _Curl, text: str) -> None:
    curl.query.append(text[1:] if text.startswith("+") else _encoded(curl, text, "curl's --url-query"))


def _json(curl: _Curl, text: str) -> None:
    curl.is_json = True
    curl.append(curl.read(text[1:], "curl's --json") if text.startswith("@") else os.fsencode(text), joint=b"")


def _user(curl: _Curl, text: str) -> None:
    if ":" not in text:
        raise Misused("curl would ask for the password of -u.", hint="Write it as -u user:password.")
    add_header(curl.headers, "Authorization", "Basic " + base64.b64encode(os.fsencode(text)).decode("ascii"))


def _cookie(curl: _Curl, text: str) -> None:
    if not text:  # curl's word for keeping cookies without having any
        return
    if "=" not in text:
        raise Misused(f"curl would read cookies from the file {text!r}.", hint="Write them as -b 'name=value'.")
    before = curl.headers.pop("Cookie", "")
    add_header(curl.headers, "Cookie", f"{before}; {text}" if before else text)


def _referer(curl: _Curl, text: str) -> None:
    if address := text.removesuffix(";auto"):
        add_header(curl.headers, "Referer", address)


def _max_time(curl: _Curl, text: str) -> None:
    if seconds := seconds_of(text, "curl's -m"):  # 0 is curl's word for no limit
        curl.more["timeout_seconds"] = seconds


def _retry(curl: _Curl, text: str) -> None:
    if not text.isdecimal():
        raise Misused(f"curl's --retry: {text!r} is no number.")
    curl.retry["max_attempts"] = int(text) + 1  # curl counts what comes after the first


def _retry_delay(curl: _Curl, text: str) -> None:
    seconds = seconds_of(text, "curl's --retry-delay")
    if seconds:  # 0 is curl's own growing pause
        curl.retry |= {"min_backoff_seconds": seconds, "max_backoff_seconds": seconds}


def _method(curl: _Curl, text: str) -> None:
    curl.method = text


_PARTS: dict[str, Callable[[_Curl, str], None]] = {
    "request": _method,
    "header": _header,
    "data": _data,
    "data-ascii": _data,
    "data-raw": _data_raw,
    "data-binary": _data_binary,
    "data-urlencode": _data_urlencode,
    "json": _json,
    "user": _user,
    "referer": _referer,
    "cookie": _cookie,
    "max-time": _max_time,
    "retry": _retry,
    "retry-delay": _retry_delay,
    "range": lambda curl, text: add_header(curl.headers, "Range", f"bytes={text}"),
    "oauth2-bearer": lambda curl, text: add_header(curl.headers, "Authorization", f"Bearer {text}"),
    "url": lambda curl, text: curl.urls.append(text),
    "url-query": _url_query,
}
