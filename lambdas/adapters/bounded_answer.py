"""What a target says, read within bounds."""

from __future__ import annotations

import http.client
import re
from io import BufferedReader
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPHeaderDict, HTTPResponse

from lambdas.adapters.send_trouble import TooMuch

if TYPE_CHECKING:
    from lambdas.adapters.guarded_socket import GuardedSocket

HEADER_BYTES = 65_536
BODY_BYTES = 65_536
FRAMING_BYTES = 65_536
"""What chunk sizes, their extensions and trailers may take beside the body."""

MOST_INTERIM_ANSWERS = 10
_SWITCHING_PROTOCOLS = 101


_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")


class _WholeLines:
    """Headers to the empty line that ends them. http.client takes the end of the connection for it, so that a target
    which breaks off in its headers would have answered."""

    def __init__(self, fp: BufferedReader) -> None:
        self.fp = fp
        self.close = fp.close

    def readline(self, limit: int = -1, /) -> bytes:
        line = self.fp.readline(limit)
        if not line.endswith(b"\n") and len(line) != limit:
            raise http.client.IncompleteRead(line)
        return line


class _FinalAnswer(http.client.HTTPResponse):
    """What http.client reads, with the gaps closed that its methods here tell of."""

    fp: Any  # what reads the connection; _WholeLines while headers are read

    def begin(self) -> None:
        try:
            super().begin()
        finally:
            if isinstance(self.fp, _WholeLines):
                self.fp = self.fp.fp

    def _read_status(self) -> tuple[str, int, str]:
        """Skips interim answers (1xx). http.client skips 100 for ever and takes every other for the answer itself."""
        for _ in range(MOST_INTERIM_ANSWERS + 1):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # not in the stubs
            if not 100 <= status <= 199:
                self.fp = _WholeLines(self.fp)
                return version, status, reason
            if status == _SWITCHING_PROTOCOLS:
                raise http.client.UnknownProtocol(version)  # nobody asked for another
            http.client.parse_headers(_WholeLines(self.fp))
        raise http.client.HTTPException("too many interim answers")

    def _get_chunk_left(self) -> int | None:
        """What is left of the chunk at hand or, after its end, of the next; None after the last. http.client takes
        any two bytes for the end of a chunk, so that a target which miscounts gives a body that nobody sent."""
        if self.chunk_left == 0:
            end = self.fp.read(2)
            if not b"\r\n".startswith(end):
                raise http.client.HTTPException("a chunk is longer than its size")
            if len(end) < 2:
                raise http.client.IncompleteRead(end)
        if not self.chunk_left:
            self.chunk_left = self._read_next_chunk_size() or None
            if self.chunk_left is None:
                self._read_and_discard_trailer()  # type: ignore[attr-defined]  # not in the stubs
                self._close_conn()  # type: ignore[attr-defined]  # not in the stubs
        return self.chunk_left

    def _read_next_chunk_size(self) -> int:
        """The size on the next line. http.client takes what is no size for a connection that broke, and -5 for one."""
        line = self.fp.readline(HEADER_BYTES)
        if not line.endswith(b"\n") and len(line) < HEADER_BYTES:
            raise http.client.IncompleteRead(b"")
        size = line.partition(b";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(size):
            raise http.client.HTTPException("what should be a chunk's size is none")
        return int(size, 16)


def read_head(sock: GuardedSocket, method: str) -> HTTPResponse:
    """The status line and the headers; the body is still to be read. `sock` must have its allowance of time.

    Raises OSError, TooMuch or http.client.HTTPException.
    """
    sock.allowance.bytes_left = HEADER_BYTES
    answer = _FinalAnswer(sock, method=method)
    try:
        answer.begin()
    except BaseException:
        answer.close()
        raise
    # Not by urllib3's getresponse: it logs the URL, which may hold a secret, when it cannot parse a header.
    return HTTPResponse(
        body=answer,
        headers=HTTPHeaderDict([(name, _unfolded(value)) for name, value in answer.headers.items()]),
        status=answer.status,
        version=answer.version,
        reason=answer.reason,
        preload_content=False,
        decode_content=False,
        request_method=method,
    )


def _unfolded(value: str) -> str:
    """A value on one line: folded ones (RFC 9112, 5.2) keep their line breaks in http.client."""
    return value.replace("\r", " ").replace("\n", " ")


def read_body(sock: GuardedSocket, answer: HTTPResponse) -> tuple[bytes, bool]:
    """At most the first 64 KiB of a body as they came, and whether that was cut off.

    Once the headers are whole, too much is no failure: the answer is known, and the rest is left unread. Raises
    OSError, http.client.HTTPException or what urllib3 makes of them.
    """
    sock.allowance.bytes_left += BODY_BYTES + FRAMING_BYTES
    pieces: list[bytes] = []
    room = BODY_BYTES
    try:
        while room:
            piece = answer.read1(room, decode_content=False)[:room]  # a negative chunk size makes http.client read more
            if not piece:
                return b"".join(pieces), False
            pieces.append(piece)
            room -= len(piece)
    except TooMuch:
        return b"".join(pieces), True
    return b"".join(pieces), answer.length_remaining != 0
