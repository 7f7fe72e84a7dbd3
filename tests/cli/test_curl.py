"""Curl commands as they are pasted: what they send, and what of them a scheduled request cannot do."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lambdas.jobs.headers import is_denied
from punctual.cli.bodies import content_of
from punctual.cli.composing import Composed
from punctual.cli.curl import request_of
from punctual.cli.curl_options import BY_NAME, BY_SHORT, HEADERS_NOT_SENT
from punctual.cli.errors import Misused
from tests.live.target import Target, serving

URL = "https://shop.example.com/api"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def of(command: str, stdin: bytes = b"") -> Composed:
    def read(name: str, option: str) -> bytes:
        return stdin if name == "-" else content_of(name, option)

    return request_of(shlex.split(command), read=read)


class TestRequests:
    @pytest.mark.parametrize(
        ("command", "method", "url"),
        [
            (f"curl {URL}", "GET", URL),
            (f"curl -I {URL}", "HEAD", URL),
            (f"curl -d x {URL}", "POST", URL),
            (f"curl -XPATCH -d x {URL}", "PATCH", URL),
            (f"curl -sSXDELETE {URL}", "DELETE", URL),
            (f"curl --request PUT --url {URL}", "PUT", URL),
            (f"curl -G -d a=1 -d b=2 {URL}?c=3", "GET", f"{URL}?c=3&a=1&b=2"),
            (f"curl -I --get -d a=1 {URL}", "HEAD", f"{URL}?a=1"),
            (f"curl --url-query 'a=1 2' --url-query +b=3 {URL}#x", "GET", f"{URL}?a=1+2&b=3#x"),
            ("curl shop.example.com/x", "GET", "http://shop.example.com/x"),
            (f"curl -g '{URL}?f[a-b]={{1,2}}'", "GET", f"{URL}?f[a-b]={{1,2}}"),
            (f"curl -X GET -- {URL}", "GET", URL),
            (f"curl -b '' --ssl-no-revoke {URL}", "GET", URL),
        ],
    )
    def test_have_the_method_and_the_url_that_curl_would_use(self, command: str, method: str, url: str) -> None:
        made = of(command)
        assert (made.method, made.url, made.body) == (method, url, made.body if "-d x" in command else None)

    @pytest.mark.parametrize(
        ("options", "headers"),
        [
            ("-H 'A: b: c' -H'X:1'", {"A": "b: c", "X": "1"}),
            ("-H 'X-Empty;'", {"X-Empty": ""}),
            ("-u ann:s:3", {"Authorization": "Basic YW5uOnM6Mw=="}),
            ("--oauth2-bearer t0k", {"Authorization": "Bearer t0k"}),
            ("-b a=1 -b 'b=2; c=3'", {"Cookie": "a=1; b=2; c=3"}),
            ("-e 'https://a.example/;auto'", {"Referer": "https://a.example/"}),
            ("-r 0-99", {"Range": "bytes=0-99"}),
            ("-d a=1", FORM),
            ("-d a=1 -H 'content-type: text/csv'", {"content-type": "text/csv"}),
            ("-d a=1 -H Content-Type:", {}),
            ("--json '{}'", {"Content-Type": "application/json", "Accept": "application/json"}),
            ("--json '{}' -H 'Accept: a/b'", {"Accept": "a/b", "Content-Type": "application/json"}),
        ],
    )
    def test_have_the_headers_that_curl_would_send(self, options: str, headers: dict[str, str]) -> None:
        assert of(f"curl {options} {URL}").headers == headers

    @pytest.mark.parametrize(
        ("options", "body"),
        [
            ("-d a=1 --data-raw @b --data-ascii c", "a=1&@b&c"),
            ("-d @FILE", "onetwo"),
            ("--data-binary @FILE", "one\r\ntwo\n"),
            ("-d@-", "fromstdin"),
            ("--data-binary @-", "from\nstdin"),
            ("--data-urlencode 'a b' --data-urlencode =c=d --data-urlencode n='e&f'", "a+b&c%3Dd&n=e%26f"),
            ("--data-urlencode @FILE --data-urlencode n@FILE", "one%0D%0Atwo%0A&n=one%0D%0Atwo%0A"),
            ("--json '{\"a\":' --json '1}'", '{"a":1}'),
            ("-d ''", ""),
        ],
    )
    def test_have_the_body_that_curl_would_send(self, options: str, body: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"one\r\ntwo\n")
        command = f"curl {options.replace('FILE', shlex.quote(str(tmp_path / 'file')))} {URL}"
        assert of(command, stdin=b"from\nstdin").body == body

    def test_keep_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"\xff\n")
        assert of(f"curl --data-binary @{shlex.quote(str(tmp_path))}/file {URL}").body == b"\xff\n"

    def test_bring_how_often_and_how_long(self) -> None:
        """curl counts what comes after the first attempt."""
        assert of(f"curl -m 2.5 --retry 3 --retry-delay 7 {URL}").more == {
            "timeout_seconds": 2.5,
            "retry": {"max_attempts": 4, "min_backoff_seconds": 7, "max_backoff_seconds": 7},
        }
        assert of(f"curl -m 0 --retry-delay 0 {URL}").more == {}

    def test_of_a_browser_come_through_with_what_is_left_out_told(self) -> None:
        """As "Copy as cURL" writes them."""
        made = of(
            f"curl '{URL}' -H 'accept: application/json' -H 'accept-encoding: gzip, br' -H 'Host: shop.example.com' "
            "-H 'user-agent: Mozilla/5.0' -H 'cookie: a=1' -H 'content-type: application/json' "
            "--data-raw '{\"q\":\"it'\\''s\"}' --compressed --insecure".replace(" --insecure", "")
        )
        assert made.method == "POST"
        assert made.body == '{"q":"it\'s"}'
        assert made.headers == {"accept": "application/json", "cookie": "a=1", "content-type": "application/json"}
        told = "\n".join(made.notes)
        for name in ("accept-encoding", "Host", "user-agent", "--compressed"):
            assert name in told


class TestWhatCannotBeScheduled:
    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ("-k", "-k cannot be scheduled: certificates are always checked"),
            ("--insecure", "--insecure cannot"),
            ("-sk", "-k cannot"),
            ("-F a=@cat.png", "-F cannot"),
            ("-x proxy.example:8080", "-x cannot"),
            ("--cert me.pem", "--cert cannot"),
            ("--resolve a:443:127.0.0.1", "--resolve cannot"),
            ("--digest -u a:b", "--digest cannot"),
            ("--http3-only", "--http3-only cannot"),
            ("-K rc", "-K cannot"),
            ("--aws-sigv4 aws:amz:us:s3", "--aws-sigv4 cannot"),
            ("-T cat.png", "-T cannot"),
            ("--next https://b.example", "--next cannot"),
            ("https://b.example", "has 2 URLs"),
            ("-u ann", "password"),
            ("-b cookies.txt", "cookies from the file"),
            ("--frobnicate", "--frobnicate is not known here"),
            ("-s@", "-@ is not known here"),
            ("-H", "-H needs a value"),
            ("--retry many", "'many' is no number"),
            ("-d @/no/such", "/no/such cannot be read"),
            ("-H 'A: 1' -H 'a: 2'", "a is given twice"),
        ],
    )
    def test_is_refused_by_name(self, options: str, told: str) -> None:
        with pytest.raises(Misused) as refused:
            of(f"curl {URL} {options}")
        assert told in str(refused.value)

    @pytest.mark.parametrize("url", [f"{URL}/[1-9]", f"{URL}/{{a,b}}"])
    def test_is_a_url_that_curl_would_make_several_of(self, url: str) -> None:
        with pytest.raises(Misused, match="several requests"):
            of(f"curl '{url}'")

    def test_is_nothing_at_all(self) -> None:
        with pytest.raises(Misused, match="no URL"):
            of("curl")

    @pytest.mark.parametrize(
        "written",
        ["-L", "-s", "-v", "-o out.html", "-f", "--http3", "-A me", "--connect-timeout 5", "-w '%{http_code}'"],
    )
    def test_but_makes_no_difference_is_told_as_ignored(self, written: str) -> None:
        made = of(f"curl {written} {URL}")
        assert (made.method, made.url, made.headers) == ("GET", URL, {})
        (note,) = made.notes
        assert note.startswith(f"curl's {written.split()[0]}: ignored, because ")

    def test_is_told_once_for_each_reason(self) -> None:
        assert of(f"curl -s -S -v {URL}").notes == (
            "curl's -s, -S, -v: ignored, because it is about what curl prints; the beginning of the answer is kept "
            "with the job.",
        )

    def test_is_fine_when_it_is_switched_off(self) -> None:
        assert of(f"curl --no-insecure --no-location {URL}").url == URL
        assert "--no-keepalive" in of(f"curl --no-keepalive {URL}").notes[0]


def test_headers_that_are_left_out_are_those_that_the_service_refuses() -> None:
    assert [name for name in HEADERS_NOT_SENT if not is_denied(name)] == []


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with serving() as running:
        yield running


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
class TestBesideCurlItself:
    """The same command, by curl and by us."""

    @pytest.mark.parametrize(
        "options",
        [
            "-d a=1 -d 'b=2 3'",
            "-X PUT --data-binary @file",
            "-d @file",
            "-G --data-urlencode 'q=a b&\"' -d r=1 -H 'X-A;'",
            "-sSXPOST --data-urlencode =a=b --data-urlencode n@file --data-urlencode 'x y'",
            "-u ann:s3cret -e https://a.example/ -b 'a=1; b=2' -r 0-9",
            "-d x -H Content-Type: -H 'Accept: a/b'",
            "-I -H 'X-Spaces:   two  words'",
            "-d '' ",
            "-d x -X GET",
        ],
    )
    def test_sends_the_same(self, options: str, target: Target, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes("ä\r\nb\n".encode())
        words = shlex.split(f"curl {options} '{target.url(f'/{uuid4()}')}'")
        subprocess.run([*words, "-s", "-o", "/dev/null"], cwd=tmp_path, timeout=20, check=True)
        made = request_of(words, read=lambda name, _: (tmp_path / name).read_bytes())
        (sent,) = target.requests(made.url.removeprefix(target.url("")))
        assert made.method == sent.method
        own = {name.lower(): value for name, value in made.headers.items()}
        by_itself = {"host", "user-agent", "accept", "content-length"} - own.keys()
        assert own == {name: value for name, value in sent.headers.items() if name not in by_itself}
        assert (made.body or "").encode() == sent.body


def test_the_table_of_options_names_each_once() -> None:
    shorts = [option.short for option in BY_NAME.values() if option.short]
    assert len(shorts) == len(set(shorts)) == len(BY_SHORT)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_options_take_values_where_curl_says_so() -> None:
    """Where ours and the installed curl's know an option, they agree on its letter and on its value."""
    listed = subprocess.run(["curl", "--help", "all"], capture_output=True, text=True, timeout=20, check=True).stdout
    compared = 0
    for line in listed.splitlines():
        words = line.split()
        short = words.pop(0).strip("-,") if words and words[0].endswith(",") else ""
        if not words or not words[0].startswith("--") or (option := BY_NAME.get(words[0][2:])) is None:
            continue
        compared += 1
        takes_value = len(words) > 1 and words[1].startswith(("<", "["))
        assert (option.short, option.takes_value) == (short, takes_value), option.name
    assert compared > 100
