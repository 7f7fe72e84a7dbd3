"""Targets that behave badly, each with the row of the page that tells what comes of it (F17)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.adapters import hostile_server as hostile
from tests.adapters.hostile_server import Behaviour, answer, answer_for_ever, drip, hang, reset

A_HEADER = b"X-Filler: " + b"x" * 1_000 + b"\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
HALF_A_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
CHUNKED = hostile.CHUNKED


@dataclass(frozen=True, slots=True)
class BadTarget:
    """`what` it does, as the page has it, and in which of several ways."""

    what: str
    way: str
    behaviour: Behaviour
    body: bytes | None = None
    """The request's body."""

    def __str__(self) -> str:
        return self.way


def _targets(what: str, ways: dict[str, Behaviour]) -> list[BadTarget]:
    return [BadTarget(what, way, behaviour) for way, behaviour in ways.items()]


BREAKING_OFF = _targets(
    "hangs up or resets before its answer is complete",
    {
        "resets after the request": reset(),
        "resets in the body": reset(HALF_A_BODY),
        "hangs up without an answer": answer(),
        "hangs up in the headers": answer(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"),
        "hangs up in a header": answer(b"HTTP/1.1 200 OK\r\nX-A: b"),
        "hangs up in the headers of an interim answer": answer(b"HTTP/1.1 103 Early Hints\r\nLi"),
        "hangs up after an interim answer": answer(INTERIM),
        "hangs up in the body": answer(HALF_A_BODY),
        "hangs up in a chunk": answer(CHUNKED + b"5\r\nhal"),
        "hangs up after a chunk": answer(CHUNKED + b"2\r\nok"),
        "hangs up within the end of a chunk": answer(CHUNKED + b"2\r\nok\r"),
        "hangs up before the last chunk": answer(CHUNKED + b"2\r\nok\r\n"),
        "hangs up in a chunk's size": answer(CHUNKED + b"2\r\nok\r\n1"),
        "closes its half without an answer": hostile.close_its_half(),
        "closes its half in the body": hostile.close_its_half(HALF_A_BODY),
    },
)

NO_CONNECTION = _targets(
    "hangs up or resets before anything can be sent, time and again",
    {
        "hangs up at once": hostile.hang_up,
        "resets at once": hostile.break_off,
        "closes its half at once": hostile.close_its_half_at_once,
    },
)

SILENT = [
    *_targets(
        "says nothing, or stops in the middle of its answer",
        {
            "hangs before the headers": hang(),
            "hangs in the headers": hang(b"HTTP/1.1 200 OK\r\nContent-Le"),
            "hangs in the body": hang(HALF_A_BODY),
            "hangs between chunks": hang(CHUNKED + b"2\r\nok\r\n"),
        },
    ),
    *_targets(
        "sends a byte now and then, without end",
        {
            "drips headers": drip(b"HTTP/1.1 200 OK\r\n", b"X"),
            "drips a body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
            "drips a body without a length": drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
            "drips chunks": drip(CHUNKED, b"1\r\nx\r\n"),
            "drips trailers": drip(CHUNKED + b"0\r\n", b"X-A: b\r\n"),
            "drips interim answers": drip(b"", b"HTTP/1.1 102 Processing\r\n\r\n", every_seconds=0.5),
        },
    ),
    BadTarget("does not read the request", "reads nothing", hostile.never_read, body=bytes(8_000_000)),
]

TALKING_NONSENSE = [
    *_targets(
        "sends something other than HTTP/1.0 or 1.1",
        {
            "garbage": answer(b"GARBAGE\r\n\r\n"),
            "binary garbage": answer(bytes(range(256)) * 8),
            "endless garbage": answer_for_ever(b"", bytes(range(1, 200)) * 50),
            "HTTP/0.9": answer(b"hello, this is HTTP/0.9\n"),
            "HTTP/2": answer(b"HTTP/2.0 200 OK\r\n\r\n"),
            "no such status": answer(b"HTTP/1.1 2000 OK\r\n\r\n"),
            "another protocol": answer(b"SSH-2.0-OpenSSH_9.6\r\n"),
            "a status line of 70 KB": answer(b"HTTP/1.1 200 " + b"K" * 70_000 + b"\r\n\r\n"),
        },
    ),
    *_targets(
        "sends more than 64 KB of headers, or more than 100",
        {
            "1,000 headers": answer(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1_000 + b"\r\n"),
            "a header of 70 KB": answer(b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 70_000 + b"\r\n\r\n"),
            "endless headers": answer_for_ever(b"HTTP/1.1 200 OK\r\n", A_HEADER),
        },
    ),
    *_targets(
        "sends more than ten interim answers (1xx), or switches to another protocol",
        {
            "11 interim answers": answer(INTERIM * 11 + hostile.OK),
            "endless interim answers": answer_for_ever(b"", INTERIM),
            "endless 100": answer_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            "switches protocols": answer(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        },
    ),
    *_targets(
        "sends chunks whose sizes are none, or not theirs",
        {
            "a size that is none": answer(CHUNKED + b"xyz\r\nok\r\n"),
            "an empty size": answer(CHUNKED + b"\r\nok\r\n"),
            "a negative size": answer(CHUNKED + b"-5\r\n" + bytes(200_000)),
            "a size with 0x": answer(CHUNKED + b"0x2\r\nok\r\n"),
            "a size with _": answer(CHUNKED + b"1_0\r\nok\r\n"),
            "a size beyond 64 bits": answer(CHUNKED + b"9" * 17 + b"\r\nok"),
            "an endless size": answer_for_ever(CHUNKED + b"2;", A_HEADER[:-2]),
            "a chunk that is longer than its size": answer(CHUNKED + b"2\r\nokay\r\n0\r\n\r\n"),
            "no line end after a chunk": answer(CHUNKED + b"2\r\nok0\r\n\r\n"),
            "half a line end after a chunk": answer(CHUNKED + b"2\r\nok\n0\r\n\r\n"),
        },
    ),
    *_targets(
        "names two different lengths",
        {"two lengths": answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")},
    ),
]

TOO_LARGE = _targets(
    "sends 10 GB, or without end",
    {
        "10 GB": answer_for_ever(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", bytes(9_999)),
        "without end": answer_for_ever(b"HTTP/1.1 200 OK\r\n\r\n", bytes(9_999)),
        "chunks without end": answer_for_ever(CHUNKED, b"3E8\r\n" + bytes(1_000) + b"\r\n"),
    },
)

ANSWERING = [
    *TOO_LARGE,
    *_targets(
        "sends trailers without end", {"endless trailers": answer_for_ever(CHUNKED + b"2\r\nok\r\n0\r\n", A_HEADER)}
    ),
    *_targets("sends a compressed body", {"a gzip bomb": answer(hostile.gzip_bomb())}),
    *_targets(
        "sends two answers",
        {"two in one": answer(hostile.OK + b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")},
    ),
    *_targets(
        "closes its half of the connection once it has answered",
        {"half closed": hostile.close_its_half(hostile.OK)},
    ),
    *_targets(
        "redirects",
        {"a redirect": answer(b"HTTP/1.1 301 Go\r\nLocation: http://10.0.0.5/\r\nContent-Length: 0\r\n\r\n")},
    ),
]

BAD_TARGETS = [*BREAKING_OFF, *NO_CONNECTION, *SILENT, *TALKING_NONSENSE, *ANSWERING]
