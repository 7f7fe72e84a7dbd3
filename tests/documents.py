"""Documents that the API takes, of every form that it takes, each with what it means by rules of its own.

A strategy here makes what is right by construction: nothing is thrown away because the service would refuse it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from hypothesis import strategies as st

from lambdas.jobs.due_time import zone_of
from tests.fakes import NOW_MS
from tests.wire import rest_of

Fields = dict[str, Any]

SECRET_NAMES = ("Authorization", "cookie", "X-API-Key", "x-csrf-TOKEN", "My_Password")
"""Names whose values are never read back."""
CONFIRMED = "ada@EXAMPLE.com"
"""The address of the owner of these documents; confirmed."""
REDACTED = "[redacted]"
_CENTURY_MS = 3_155_760_000_000
_ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"),
    *("Africa/Casablanca", "Pacific/Apia", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "EST5EDT"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A document; the URL as it is to be stored, the instant that it names (epoch milliseconds), and whether its local
    time exists twice."""

    document: Fields
    url: str
    due_at_ms: int
    ambiguous: bool = False

    def read_back(self) -> Fields:
        """What the job shows of it: what was written in canonical form, defaults for the rest."""
        document = self.document
        zone = document.get("timezone")
        local = None if zone is None else _moment(self.due_at_ms).astimezone(zone_of(zone))
        body = {"body": document.get("body")} | {k: document[k] for k in ("body_base64",) if k in document}
        timeout = document.get("timeout_seconds", 30)
        notify = {k: CONFIRMED.lower() if k == "email" else v for k, v in document.get("notify", {}).items()}
        return {
            "name": document.get("name"),
            "status": "scheduled",
            "request": {"method": document.get("method", "POST"), "url": self.url, "headers": self._headers(), **body},
            "due_at": _moment(self.due_at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "timezone": zone,
            "due_at_local": None if local is None else local.isoformat(timespec="milliseconds"),
            "retry": self._retry(),
            "timeout_seconds": int(timeout) if timeout == int(timeout) else timeout,
            "expect": document.get("expect") or {"status": "2xx"},
            "notify": {"on": ["failed"], **notify},
            "notify_from": "job" if "notify" in document else "owner",
            "attempts": [],
            "version": 1,
        }

    def _headers(self) -> dict[str, str]:
        secret = {name.lower() for name in (*SECRET_NAMES, *self.document.get("secret_headers", ()))}
        written = self.document.get("headers", {})
        return {name: REDACTED if name.lower() in secret else value for name, value in written.items()}

    def _retry(self) -> Fields:
        retry = {"max_attempts": 5, "min_backoff_seconds": 10, "max_backoff_seconds": 3_600}
        retry |= self.document.get("retry", {})
        retry["min_backoff_seconds"] = min(retry["min_backoff_seconds"], retry["max_backoff_seconds"])
        return retry


def _moment(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


# Where to: pairs of what is written and what is stored

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SCRIPTS = (
    "äöüéèñçåøæœ" + _LETTERS,
    "ÄÖÜÉÈÑÇ",
    "абвгдежзиклмн",
    "αβγδεζηθ",
    "あいうえおかきくけこ",
    "例中文網站",
    "한국어도메인",
)
_plain_labels = st.text(_LETTERS + _LETTERS.upper() + "0123456789-_", min_size=1, max_size=12).filter(
    lambda label: not label.lower().startswith("xn--")
)
_foreign_labels = st.sampled_from(_SCRIPTS).flatmap(lambda script: st.text(script, min_size=1, max_size=8))
_names = st.tuples(
    st.lists(_plain_labels | _foreign_labels, min_size=1, max_size=3),
    st.sampled_from(["com", "COM", "de", "museum", "рф", "xn--p1ai", "中国"]),
    st.sampled_from([".", ".", ".", "\u3002", "\uff0e"]),
    st.sampled_from(["", "", "."]),
).map(
    lambda parts: (
        parts[2].join([*parts[0], parts[1]]) + parts[3],
        ".".join(label.lower().encode("idna").decode() for label in [*parts[0], parts[1]]),
    )
)
_ipv4 = st.integers(int(IPv4Address("93.0.0.0")), int(IPv4Address("93.255.255.255"))).map(
    lambda number: (str(IPv4Address(number)), str(IPv4Address(number)))
)
_ipv6 = st.tuples(
    st.integers(int(IPv6Address("2600::")), int(IPv6Address("2600:ffff::"))).map(IPv6Address),
    st.sampled_from(["compressed", "exploded", "upper"]),
).map(
    lambda given: (
        f"[{getattr(given[0], given[1]) if given[1] != 'upper' else given[0].exploded.upper()}]",
        f"[{given[0].compressed}]",
    )
)
_AS_THEY_ARE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "#?\\")
_pieces = (
    st.sampled_from(_AS_THEY_ARE)
    | st.sampled_from(
        ["%2e%2e", "/../", "//", "%00", "%0d%0a", "%zz", ";a=b", "/@", "é", "日本", "\U0001f600", "e\u0301"]
    )
    | st.characters(min_codepoint=0xA1, exclude_categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"])
)
_texts = st.lists(_pieces, max_size=12).map("".join)
_paths = _texts.map(lambda text: "" if not text else f"/{text}")
_queries = st.just("") | (_texts | st.lists(_pieces | st.just("?"), max_size=8).map("".join)).map(
    lambda text: f"?{text}"
)
_fragments = st.sampled_from(["", "", "#", "#top", "#/a?b#c"])
_schemes = st.sampled_from(["http", "https", "HTTP", "hTTps"])


@st.composite
def urls(draw: st.DrawFn, schemes: st.SearchStrategy[str] = _schemes) -> tuple[str, str]:
    """A URL as it is written, and in canonical form."""
    scheme, (host, stored) = draw(schemes), draw(_names | _ipv4 | _ipv6)
    port = draw(st.sampled_from(["", "", ":", ":80", ":443", ":8080", ":8443"]))
    written = f"{scheme}://{host}{port}{draw(_paths)}{draw(_queries)}{draw(_fragments)}"
    usual = {"http": ":80", "https": ":443"}[scheme.lower()]
    return written, f"{scheme.lower()}://{stored}{'' if port in (':', usual) else port}{rest_of(written)}"


# What is sent

_TOKEN = "!#$%&'*+.^_`|~-0123456789" + _LETTERS + _LETTERS.upper()
_NOT_PLAIN = re.compile(
    r"(?i)host|connection|keep|^te$|trailer|transfer|upgrade|expect|content|http2|agent|forwarded|real|amz|accept"
    r"|proxy|webhook|punctual|api|cookie|auth|cred|pass|secret|token|idempotency"
)
_own_names = st.text(_TOKEN, min_size=1, max_size=16).filter(lambda name: not _NOT_PLAIN.search(name.replace("_", "-")))
_known_names = st.sampled_from(["Content-Type", "accept", "X-Request-ID", "IDEMPOTENCY-key", "traceparent", "ETag"])
_latin_1 = "".join(map(chr, [0x09, *range(0x20, 0x7F), *range(0xA0, 0x100)]))
_values = st.text(_latin_1, max_size=20).map(str.strip)
_headers = st.lists(
    st.tuples(_own_names | _known_names | st.sampled_from(SECRET_NAMES), _values),
    max_size=6,
    unique_by=lambda header: header[0].lower(),
).map(dict)
_text = st.text(max_size=40)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)
_large = st.sampled_from([700, 1_100, 5_000])
"""Some have room in a job's item, some are stored apart."""
_bodies: st.SearchStrategy[Fields] = (
    st.just({})
    | (_text | _large.map(lambda size: "ü" * size) | _json).map(lambda body: {"body": body})
    | (st.binary(max_size=60) | _large.map(lambda size: bytes(range(250)) * (size // 250))).map(
        lambda content: {"body_base64": base64.b64encode(content).decode()}
    )
)


@st.composite
def _requests(draw: st.DrawFn) -> Fields:
    """Method, headers and body."""
    method = draw(st.sampled_from([None, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]))
    fields: Fields = {} if method is None else {"method": method}
    if draw(st.booleans()):
        fields["headers"] = draw(_headers)
        hidden = draw(st.lists(st.sampled_from(sorted(fields["headers"]) or ["X-None"]), max_size=2))
        if draw(st.booleans()):
            fields["secret_headers"] = [name.swapcase() for name in hidden]
    return fields | (draw(_bodies) if method != "HEAD" else {})


# When, and all the rest

Time = tuple[Fields, int, bool]
"""The fields, the instant that they name, whether it is one of two."""


@st.composite
def times(draw: st.DrawFn) -> Time:
    """In every form: a delay, an instant at some offset, a local time in a zone."""
    form = draw(st.sampled_from(["delay", "offset", "local"]))
    shown_in = draw(st.sampled_from([None, *_ZONES]))
    zone = {} if shown_in is None else {"timezone": shown_in}
    if form == "delay":
        delay_ms = draw(st.integers(0, 10_000) | st.integers(0, _CENTURY_MS))
        delay = delay_ms / 1000 if delay_ms % 1000 or draw(st.booleans()) else delay_ms // 1000
        return {"delay_seconds": delay, **zone}, NOW_MS + delay_ms, False
    due_at_ms = NOW_MS + draw(st.integers(0, _YEAR_MS) | st.integers(0, _CENTURY_MS - _YEAR_MS) | _folds)
    if form == "offset":
        minutes = draw(st.integers(-1_439, 1_439) | st.sampled_from([0, 60, -300, 345]))
        text, cut_ms = draw(_spelled(_moment(due_at_ms).replace(tzinfo=None) + timedelta(minutes=minutes)))
        sign, minutes = "-" if minutes < 0 else draw(st.sampled_from("+-" if minutes == 0 else "+")), abs(minutes)
        offset = draw(st.sampled_from("Zz")) if minutes == 0 and draw(st.booleans()) else None
        offset = offset or f"{sign}{minutes // 60:02}:{minutes % 60:02}"
        return {"at": text + offset, **zone}, due_at_ms - cut_ms, False
    name = draw(st.sampled_from(_ZONES))
    wall = _moment(due_at_ms).astimezone(zone_of(name)).replace(tzinfo=None)
    text, cut_ms = draw(_spelled(wall))
    first, second = (_ms(wall.replace(tzinfo=zone_of(name), fold=fold)) - cut_ms for fold in (0, 1))
    return {"at": text, "timezone": name}, first, first != second


_YEAR_MS = 366 * 86_400_000
_folds = st.tuples(
    st.sampled_from(["2027-10-31T00:30Z", "2028-11-05T05:15Z", "2099-04-04T14:45Z"]), st.integers(0, 3_600_000)
).map(lambda place: _ms(datetime.fromisoformat(place[0])) - NOW_MS + place[1])
"""Times around which clocks go back somewhere."""


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@st.composite
def _spelled(draw: st.DrawFn, wall: datetime) -> tuple[str, int]:
    """A date and time in one of the forms that are taken, and by how many milliseconds the form cuts it."""
    date, minute = wall.date().isoformat(), f"{wall.hour:02}:{wall.minute:02}"
    text = f"{date}{draw(st.sampled_from('Tt '))}{minute}"
    below_ms = wall.second * 1_000 + wall.microsecond // 1_000
    form = draw(st.sampled_from(["minutes", "seconds", "fraction"]))
    if form == "minutes":
        return text, below_ms
    text = f"{text}:{wall.second:02}"
    if form == "seconds":
        return text, below_ms % 1_000
    digits = f"{below_ms % 1_000:03}" + draw(st.text("0123456789", max_size=6))
    kept = digits[: draw(st.integers(1, len(digits)))]
    return f"{text}.{kept}", below_ms % 1_000 - int(kept[:3].ljust(3, "0"))


_backoffs = st.integers(1, 3_600)
_retries = st.fixed_dictionaries({}, optional={"max_attempts": st.integers(1, 20)}).flatmap(
    lambda retry: (
        st.sampled_from([retry, {**retry, "min_backoff_seconds": 20}, {**retry, "max_backoff_seconds": 86_400}])
        | _backoffs.map(lambda most: {**retry, "max_backoff_seconds": most})
        | _backoffs.map(lambda least: {**retry, "min_backoff_seconds": least, "max_backoff_seconds": least + 1})
    )
)
_statuses = st.integers(100, 599) | st.sampled_from(["2xx", "4XX", "5xx"])
_others = st.fixed_dictionaries(
    {},
    optional={
        "retry": _retries,
        "timeout_seconds": st.integers(1, 60) | st.integers(1_000, 60_000).map(lambda ms: ms / 1000),
        "expect": st.fixed_dictionaries(
            {},
            optional={
                "status": _statuses | st.lists(_statuses, min_size=1, max_size=4),
                "body_contains": _text,
                "json": _json.filter(lambda value: value is not None),
            },
        ),
        "notify": st.fixed_dictionaries(
            {},
            optional={
                "on": st.lists(st.sampled_from(["failed", "succeeded"]), unique=True),
                "email": st.just(CONFIRMED),
            },
        ),
        "name": st.text(max_size=200) | st.just("") | st.just("\U0001f9f9" * 200),
    },
)


@st.composite
def written(draw: st.DrawFn, schemes: st.SearchStrategy[str] = _schemes) -> Written:
    """A whole document, its fields in any order."""
    url, stored = draw(urls(schemes))
    time, due_at_ms, ambiguous = draw(times())
    fields = [("url", url), *time.items(), *draw(_requests()).items(), *draw(_others).items()]
    return Written(dict(draw(st.permutations(fields))), stored, due_at_ms, ambiguous)
