"""From the bytes of a request to a JSON object."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lambdas.jobs.document import DEEPEST_NESTING, LARGEST_DOCUMENT, check_media_type, read_document
from lambdas.jobs.errors import RequestRefused


def refusal(content: bytes) -> tuple[int, str, str]:
    with pytest.raises(RequestRefused) as refused:
        read_document(content)
    (fault,) = refused.value.faults
    return refused.value.status, fault.code, fault.field


def nested(levels: int) -> bytes:
    """A document of so many levels, the outer object included."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def test_a_json_object_is_read() -> None:
    """Order, Unicode, whole numbers beyond 2^53 and nulls come through as they are."""
    content = '{"z": [1, 2.5, 12345678901234567890, null, true], "a": "é\\n\\ud83d\\ude00", "": {}}'.encode()
    document = read_document(content)
    assert document == {"z": [1, 2.5, 12345678901234567890, None, True], "a": "é\n\U0001f600", "": {}}
    assert list(document) == ["z", "a", ""]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_body"),
        (b" \r\n\t", "empty_body"),
        (b"{", "invalid_json"),
        (b"{'a': 1}", "invalid_json"),
        (b'{"a": 1,}', "invalid_json"),
        (b'{"a": 1} x', "invalid_json"),
        (b'{"a": 1}{}', "invalid_json"),
        (b'{"a": 01}', "invalid_json"),
        (b'{"a": +1}', "invalid_json"),
        (b'{"a": "\n"}', "invalid_json"),
        (b'{"a": "\\x41"}', "invalid_json"),
        (b"{// a\n}", "invalid_json"),
        (b'{"a": "\0"}', "invalid_json"),
        (b'{"a": NaN}', "invalid_json"),
        (b'{"a": Infinity}', "invalid_json"),
        (b'{"a": -Infinity}', "invalid_json"),
        (b'{"a": 1e309}', "invalid_json"),
        (b'{"a": -1e400}', "invalid_json"),
        (b'{"a": 1' + b"0" * 309 + b"}", "invalid_json"),
        (b'{"a": ' + b"9" * 4_301 + b"}", "invalid_json"),
        (b'{"a": 0.' + b"9" * 4_300 + b"}", "invalid_json"),
        (b"\xff\xfe{\0}\0", "invalid_utf8"),
        ('{"a": 1}'.encode("utf-16-le"), "invalid_utf8"),
        ('{"a": 1}'.encode("utf-16-be"), "invalid_utf8"),
        ('{"a": 1}'.encode("utf-32-be"), "invalid_utf8"),
        (b"\xef\xbb\xbf{}", "invalid_utf8"),
        (b'{"a": "\xff"}', "invalid_utf8"),
        (b'{"a": "\xed\xa0\x80"}', "invalid_utf8"),
        (b'{"a": "\xc0\xaf"}', "invalid_utf8"),
        (b'{"a": "\\ud800"}', "invalid_unicode"),
        (b'{"a": {"b": ["x\\uDFFFy"]}}', "invalid_unicode"),
        (b'{"\\udead": 1}', "invalid_unicode"),
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"b": [{"a": 1, "\\u0061": 2}]}', "duplicate_key"),
    ],
)
def test_what_is_no_plain_json_is_refused(content: bytes, code: str) -> None:
    """400 with the API's code; always about the whole document."""
    assert refusal(content) == (400, code, "document")


@pytest.mark.parametrize(
    "number", ["1.7976931348623157e308", "1e-400", "1" + "0" * 308, "-" + "9" * 308, "0." + "9" * 4_299, "-0", "-0.0"]
)
def test_numbers_that_a_double_holds_are_taken(number: str) -> None:
    """Up to the largest, and however small."""
    assert read_document(b'{"a": %s}' % number.encode())["a"] == json.loads(number)


def test_an_escaped_backslash_before_ud800_is_text() -> None:
    """What looks like a surrogate's escape need not be one."""
    assert read_document(b'{"a": "\\\\ud800"}') == {"a": "\\ud800"}


@pytest.mark.parametrize("content", [b"null", b"true", b"[]", b'"a"', b"1", b" [{}] "])
def test_json_that_is_no_object_is_told_so(content: bytes) -> None:
    """422: it is JSON, but no document."""
    assert refusal(content) == (422, "not_an_object", "document")


def test_a_document_may_have_512_kilobytes() -> None:
    """One byte more is 413."""
    content = b'{"a": "%s"}' % (b"x" * (LARGEST_DOCUMENT - 9))
    assert len(content) == LARGEST_DOCUMENT
    assert len(read_document(content)["a"]) == LARGEST_DOCUMENT - 9
    assert refusal(content + b" ") == (413, "body_too_large", "document")


def test_nesting_has_the_same_bound_on_every_python() -> None:
    """The interpreter's own limit is never met, however deep the caller's stack is."""
    assert read_document(nested(DEEPEST_NESTING))
    assert refusal(nested(DEEPEST_NESTING + 1))[1] == "invalid_json"


@pytest.mark.parametrize(
    "content",
    [b"[" * 20_000, b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 20_000, b'{"a":' * 20_000 + b"1" + b"}" * 20_000],
)
def test_20000_levels_are_refused(content: bytes) -> None:
    """A 400, not a RecursionError."""
    assert refusal(content) == (400, "invalid_json", "document")


def test_brackets_in_strings_are_no_nesting() -> None:
    """Also behind escaped quotes and backslashes."""
    text = '\\"[' * 300 + "\\\\"
    assert read_document(b'{"a": "%s"}' % text.encode()) == {"a": '"[' * 300 + "\\"}


@pytest.mark.parametrize(
    "unit", [b"[", b"[]", b"{", b'"', b'\\"', b'["\\"', b"9", b'{"a":', b"\\ud800", b"[,", b'"a":0,', b"\\u"]
)
@pytest.mark.parametrize("begin", [b"{", b"[" * (DEEPEST_NESTING + 1) + b'"'], ids=["object", "deep string"])
def test_reading_takes_linear_time(unit: bytes, begin: bytes) -> None:
    """Half a megabyte of the worst is read or refused in a moment (threat T11)."""
    content = (begin + unit * LARGEST_DOCUMENT)[:LARGEST_DOCUMENT]
    begun = time.process_time()
    assert refusal(content)[0] == 400
    assert time.process_time() - begun < 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values), st.booleans())
@example({"a": "\U0010ffff"}, True)
def test_every_json_object_comes_through(document: dict[str, object], escaped: bool) -> None:
    """Whatever is valid is read as `json` reads it."""
    assert read_document(json.dumps(document, ensure_ascii=escaped).encode()) == document


@given(st.binary(max_size=60))
def test_no_bytes_are_too_odd_to_be_answered(content: bytes) -> None:
    """Anything is an object or a refusal."""
    with contextlib.suppress(RequestRefused):
        assert isinstance(read_document(content), dict)


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/json", "Application/JSON", " application/json ", "application/json;charset=utf-8"),
        *(
            'application/json; charset="UTF-8"',
            "application/json; Charset=utf8",
            "application/json;",
            "application/json;v=1",
        ),
    ],
)
def test_json_in_utf8_is_taken(content_type: str) -> None:
    """However it is spelled."""
    check_media_type(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        *(None, "", "text/plain", "text/json", "application/xml", "multipart/form-data; boundary=x", "*/*"),
        *("application/x-www-form-urlencoded", "application/problem+json", "application/merge-patch+json"),
        *("application/json, application/json", "application/json; charset=utf-16", "application/json; charset"),
        *("application/json; charset=utf-8; charset=latin1", "application/jsonx", "application/json charset=utf-8"),
    ],
)
def test_other_media_types_are_refused(content_type: str | None) -> None:
    """415; none at all too."""
    with pytest.raises(RequestRefused) as refused:
        check_media_type(content_type)
    assert (refused.value.status, refused.value.code) == (415, "media_type")
    assert refused.value.faults[0].field == "document"


def test_a_patch_may_say_that_it_is_one() -> None:
    """PATCH takes `application/merge-patch+json` (RFC 7396) beside plain JSON."""
    check_media_type("application/merge-patch+json", patch=True)
    check_media_type("application/json; charset=utf-8", patch=True)
    with pytest.raises(RequestRefused):
        check_media_type("application/json-patch+json", patch=True)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x"])
def test_compressed_documents_are_refused(encoding: str) -> None:
    """415 `content_encoding`: nothing is unpacked at the door."""
    with pytest.raises(RequestRefused) as refused:
        check_media_type("application/json", encoding)
    assert (refused.value.status, refused.value.code) == (415, "content_encoding")


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_documents_as_they_are_need_no_encoding(encoding: str | None) -> None:
    """`identity` means none."""
    check_media_type("application/json", encoding)
