"""A request of what people write, in the ways of curl and of httpie."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.cli.arguments import taken_apart
from punctual.cli.bodies import content_of
from punctual.cli.composing import Composed, Written, composed
from punctual.cli.errors import Misused
from punctual.cli.items import nested

NAMES = st.text("a0\\=[]:@ ü", min_size=1, max_size=4)
URL = "https://shop.example.com/api/items"


def of(*words: str, stdin: bytes = b"", **written: Any) -> Composed:
    def read(name: str, option: str) -> bytes:
        return stdin if name == "-" else content_of(name, option)

    return composed(Written(words=words, **written), read)


class TestMethod:
    @pytest.mark.parametrize(
        ("words", "written", "method"),
        [
            ((URL,), {}, "GET"),
            ((URL,), {"data": ["x"]}, "POST"),
            ((URL, "a=b"), {}, "POST"),
            (("delete", URL), {}, "DELETE"),
            ((URL,), {"method": "patch"}, "PATCH"),
            (("PUT", URL), {"method": "put"}, "PUT"),
            (("FETCH", URL), {}, "FETCH"),
        ],
    )
    def test_is_what_is_written_or_follows_from_the_body(
        self, words: tuple[str, ...], written: dict[str, Any], method: str
    ) -> None:
        """Whether there is such a method is for the service to say."""
        made = of(*words, **written)
        assert (made.method, made.url) == (method, URL)

    def test_is_one(self) -> None:
        with pytest.raises(Misused, match="two methods, PUT and POST"):
            of("PUT", URL, method="post")

    def test_a_host_in_one_word_is_no_method(self) -> None:
        assert of("localhost").url == "localhost"


class TestWords:
    def test_nothing_is_no_request(self) -> None:
        with pytest.raises(Misused, match="There is no URL"):
            of()

    def test_a_time_where_fields_go_is_told_where_it_belongs(self) -> None:
        with pytest.raises(Misused, match="'tomorrow'") as refused:
            of("POST", URL, "tomorrow")
        assert "--at" in refused.value.hint

    def test_a_method_behind_the_url_is_told_where_it_belongs(self) -> None:
        with pytest.raises(Misused) as refused:
            of(URL, "POST")
        assert refused.value.hint == "The method stands before the URL."

    def test_headers_queries_and_fields_stand_after_the_url(self) -> None:
        made = of("PUT", f"{URL}?a=1#part", "X-Trace:7", "q==a b&c", "name=Ann", "age:=42")
        assert made.url == f"{URL}?a=1&q=a+b%26c#part"
        assert made.headers == {"X-Trace": "7"}
        assert made.body == {"name": "Ann", "age": 42}

    def test_fields_may_stand_before_the_url_too(self) -> None:
        made = of("name=Ann", "POST", URL)
        assert (made.method, made.url, made.body) == ("POST", URL, {"name": "Ann"})

    @pytest.mark.parametrize(
        "url", ["https://x.example/?a=b", "x.example/?a=b", "x.example?a=b", "http://x.example/a=b"]
    )
    def test_an_address_with_a_query_is_no_field(self, url: str) -> None:
        assert of(url).url == url

    def test_curl_without_its_dashes_is_told_about_them(self) -> None:
        with pytest.raises(Misused, match="after `--`"):
            of("curl", URL)

    def test_a_file_of_a_form_is_told_how_it_could_be_sent(self) -> None:
        with pytest.raises(Misused, match="part of a form") as refused:
            of(URL, "photo@cat.png")
        assert "--data @file" in refused.value.hint


class TestHeaders:
    def test_are_names_and_values(self) -> None:
        made = of(URL, headers=["Authorization: Bearer a:b", "X-Empty;", "Accept:text/csv"])
        assert made.headers == {"Authorization": "Bearer a:b", "X-Empty": "", "Accept": "text/csv"}
        assert "secret_headers" not in made.fields()

    def test_come_from_a_file_too(self, tmp_path: Path) -> None:
        (tmp_path / "headers").write_text("X-A: 1\nX-B: 2\n\n")
        assert of(URL, headers=[f"@{tmp_path}/headers"]).headers == {"X-A": "1", "X-B": "2"}

    def test_secret_ones_are_names_or_whole_lines(self) -> None:
        made = of(URL, headers=["X-Pin: 1234"], secret_headers=["X-Pin", "X-Code: 5678"])
        assert made.headers == {"X-Pin": "1234", "X-Code": "5678"}
        assert made.fields()["secret_headers"] == ["X-Pin", "X-Code"]

    @pytest.mark.parametrize("line", ["s3cret", ": s3cret"])
    def test_what_is_no_header_is_refused_without_being_shown(self, line: str) -> None:
        """It may be a token that was pasted into the wrong place."""
        with pytest.raises(Misused) as refused:
            of(URL, headers=[line])
        assert "s3cret" not in str(refused.value) + refused.value.hint

    def test_one_is_there_once(self) -> None:
        with pytest.raises(Misused, match="X-a is given twice"):
            of(URL, headers=["X-A: 1", "X-a: 2"])


class TestData:
    @pytest.mark.parametrize(
        ("text", "media_type"),
        [
            ('{"a": [1, 2]}', "application/json"),
            (" [1]", "application/json"),
            ("a=1&b=two+words", "application/x-www-form-urlencoded"),
            ("a=", "application/x-www-form-urlencoded"),
            ("hello", None),
            ("{a: 1}", None),
            ("<a b='c'/>", None),
            ("two words=1", None),
        ],
    )
    def test_is_sent_as_it_is_with_the_type_that_it_shows(self, text: str, media_type: str | None) -> None:
        made = of(URL, data=[text])
        assert made.body == text
        assert made.headers.get("Content-Type") == media_type

    def test_keeps_the_type_that_is_written(self) -> None:
        assert of(URL, data=["{}"], headers=["content-type: text/plain"]).headers == {"content-type": "text/plain"}

    def test_several_are_joined_as_by_curl(self) -> None:
        assert of(URL, data=["a=1", "b=2"]).body == "a=1&b=2"

    def test_of_a_file_is_kept_to_the_byte(self, tmp_path: Path) -> None:
        (tmp_path / "text").write_bytes("grüße\r\n".encode())
        (tmp_path / "bytes").write_bytes(b"\xff\x00\n")
        assert of(URL, data=[f"@{tmp_path}/text"]).body == "grüße\r\n"
        assert of(URL, data=[f"@{tmp_path}/bytes"]).body == b"\xff\x00\n"

    @pytest.mark.parametrize("name", ["-", "@-"])
    def test_of_stdin_is_read_whole(self, name: str) -> None:
        assert of(URL, data=[name], stdin=b"\x00\xff" * 70_000).body == b"\x00\xff" * 70_000

    def test_a_file_that_is_not_there_is_told_with_its_option(self) -> None:
        with pytest.raises(Misused, match="--data: /no/such cannot be read: No such file"):
            of(URL, data=["@/no/such"])

    def test_there_is_one_body(self) -> None:
        for more in (["a=b"], ["{}"]):
            with pytest.raises(Misused, match="two bodies"):
                of(URL, *more, data=["x"])


class TestFields:
    @pytest.mark.parametrize(
        ("words", "body"),
        [
            (["a=1"], {"a": "1"}),
            (["a:=1", "b:=true", "c:=null", 'd:={"x": [1.5]}'], {"a": 1, "b": True, "c": None, "d": {"x": [1.5]}}),
            (["a[b][c]=1", "a[b][d]:=2"], {"a": {"b": {"c": "1", "d": 2}}}),
            (["a[]=x", "a[]=y"], {"a": ["x", "y"]}),
            (["a[1]=y"], {"a": [None, "y"]}),
            (["a[0][b]=x", "a[][b]=y"], {"a": [{"b": "x"}, {"b": "y"}]}),
            (["[]:=1", "[]:=2"], [1, 2]),
            (["[a]=1"], {"a": "1"}),
            (["a="], {"a": ""}),
            (["a=b=c:=d"], {"a": "b=c:=d"}),
            ([r"a\=b=c", r"d\[e\]=f", r"g\:h=i"], {"a=b": "c", "d[e]": "f", "g:h": "i"}),
            (['{"a": 1}'], {"a": 1}),
            (["[1, 2]"], [1, 2]),
            (["z=1", "a=2"], {"z": "1", "a": "2"}),
        ],
    )
    def test_make_the_json_that_httpie_would_send(self, words: list[str], body: Any) -> None:
        made = of(URL, *words)
        assert made.body == body
        assert list(made.body) == list(body)
        assert made.headers == {}  # the service says that it is JSON

    def test_come_from_files_as_text_or_as_json(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("[1]")
        assert of(URL, f"a=@{tmp_path}/file", f"b:=@{tmp_path}/file").body == {"a": "[1]", "b": [1]}
        assert of(URL, f"@{tmp_path}/file").body == [1]

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["a=1", "a=2"], "'a' is given twice"),
            (["a=1", "a[b]=2"], "makes an object of what"),
            (["a[]=1", "a[b]=2"], "makes an object of what"),
            (["a[b]=1", "a[]=2"], "makes a list of what"),
            (["a[b=1"], "a bracket without its other"),
            (["a[b]c=1"], "a bracket without its other"),
            (["a[100000]=1"], "more than 1000 values"),
            (["a:=x"], "The value of 'a' is no JSON"),
            (["a:=NaN"], "NaN is no JSON number"),
            (["{a}"], "The body is no JSON"),
        ],
    )
    def test_that_make_no_json_are_refused_by_name(self, words: list[str], told: str) -> None:
        with pytest.raises(Misused, match=told):
            of(URL, *words)

    def test_a_text_with_the_colon_of_json_is_told_how_to_write_it(self) -> None:
        with pytest.raises(Misused) as refused:
            of(URL, "a:=hello")
        assert "without the colon" in refused.value.hint

    def test_are_a_form_when_that_is_asked_for(self) -> None:
        made = of(URL, "name=Ann B", "a[b]=ü&", form=True)
        assert made.body == "name=Ann+B&a%5Bb%5D=%C3%BC%26"
        assert made.headers == {"Content-Type": "application/x-www-form-urlencoded"}

    @given(st.recursive(NAMES, lambda value: st.dictionaries(NAMES, value, min_size=1), max_leaves=6))
    def test_any_object_of_texts_can_be_written(self, value: Any) -> None:
        """Every key can be said, whatever is in it."""
        assert nested(list(_fields({"a": value}))) == {"a": value}


class TestTheTwoMeaningsOfJson:
    @pytest.mark.parametrize("field", ["a=b", "a:=1", "a[b]=c", "a=@file", '{"a": 1}', "[1]", "@file"])
    def test_before_a_field_or_a_document_it_is_a_field(self, field: str) -> None:
        assert taken_apart(["--json", field, URL])[0] == ["--field", field, URL]
        assert taken_apart([URL, f"--json={field}"])[0] == [URL, f"--field={field}"]

    @pytest.mark.parametrize("following", [URL, "x.example/?a=b", "DELETE", "--in=5m", "-d", "--", "q==v", "X-A:b"])
    def test_before_anything_else_it_is_the_form_of_what_is_printed(self, following: str) -> None:
        assert taken_apart(["--json", following])[0] == ["--json", following]

    def test_at_the_end_too(self) -> None:
        assert taken_apart([URL, "--json", "a=b", "--json"])[0] == [URL, "--field", "a=b", "--json"]


class TestWhatComesAfterDashes:
    def test_is_a_curl_command(self) -> None:
        own, taken = taken_apart(["--in", "5m", "--", "curl", "--json", "{}", URL])
        assert own == ["--in", "5m"]
        assert taken == {"curl": ("curl", "--json", "{}", URL)}

    def test_in_quotes_as_a_whole_it_is_one_too(self) -> None:
        pasted = f"curl -X POST \\\n  '{URL}' -H 'A: b c'"
        assert taken_apart(["--", pasted])[1] == {"curl": ("curl", "-X", "POST", URL, "-H", "A: b c")}

    def test_otherwise_it_is_words(self) -> None:
        assert taken_apart(["--in", "5m", "--", "DELETE", URL]) == (["--in", "5m", "--", "DELETE", URL], {"curl": ()})

    def test_is_no_second_request(self) -> None:
        with pytest.raises(Misused, match="two requests"):
            of(URL, curl=["curl", URL])


def _fields(value: dict[str, Any], prefix: str = "") -> Any:
    for name, member in value.items():
        escaped = "\\" + name if name.isdecimal() else re.sub(r"([\\=:@\[\]])", r"\\\1", name)
        key = f"{prefix}[{escaped}]" if prefix else f"[{escaped}]"
        if isinstance(member, dict):
            yield from _fields(member, key)
        else:
            yield key, member
