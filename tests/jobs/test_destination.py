"""Where a request may go, as far as its URL tells."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from lambdas.jobs.destination import Rules, canonical_url
from lambdas.jobs.errors import SettingInvalid, ValueRefused


def rules(private_targets: str = "", own_hosts: str = "") -> Rules:
    return Rules.from_settings(private_targets=private_targets, allowed_ports="80,443,8080,8443", own_hosts=own_hosts)


STRICT = rules()
LOCAL = rules(private_targets="127.0.0.1,[::1],localhost", own_hosts="localhost:4566")


def code_of(url: str, by: Rules = STRICT) -> str:
    with pytest.raises(ValueRefused) as refused:
        canonical_url(url, by)
    return refused.value.code


CANONICAL = [
    ("HTTP://EXAMPLE.COM", "http://example.com/"),
    ("https://Example.Com:443/Path?Q=A", "https://example.com/Path?Q=A"),
    ("http://example.com:80", "http://example.com/"),
    ("https://example.com:80/", "https://example.com:80/"),
    ("http://example.com:/x", "http://example.com/x"),
    ("http://example.com./x", "http://example.com/x"),
    ("http://example.com?q", "http://example.com/?q"),
    ("http://example.com/?", "http://example.com/?"),
    ("http://example.com/a#b?c", "http://example.com/a"),
    ("http://example.com#b", "http://example.com/"),
    ("http://example.com/a/../b/./c//d", "http://example.com/a/../b/./c//d"),
    ("http://example.com/%7euser/%zz/%C3%A9", "http://example.com/%7euser/%zz/%C3%A9"),
    ("http://example.com/caf\u00e9?q=\U0001f4a9", "http://example.com/caf%C3%A9?q=%F0%9F%92%A9"),
    ("http://example.com/\u0645\u06cc\u200c\u062e", "http://example.com/%D9%85%DB%8C%E2%80%8C%D8%AE"),
    ("http://example.com/a\"b<c>d`e{f}g|h^i'j", "http://example.com/a\"b<c>d`e{f}g|h^i'j"),
    ("http://example.com/@user:pw", "http://example.com/@user:pw"),
    ("http://b\u00fccher.de/", "http://xn--bcher-kva.de/"),
    ("http://B\u00dcCHER\u3002de/", "http://xn--bcher-kva.de/"),
    ("http://fa\u00df.de/", "http://xn--fa-hia.de/"),
    ("http://\uff45\uff58ample.com/", "http://example.com/"),
    ("http://xn--ls8h.la/", "http://xn--ls8h.la/"),
    ("http://1.1.1.1./", "http://1.1.1.1/"),
    ("http://[2A00:1450:4009:081f:0:0:0:200e]:8080/", "http://[2a00:1450:4009:81f::200e]:8080/"),
]


@pytest.mark.parametrize(("url", "canonical"), CANONICAL)
def test_accepted_urls_have_one_canonical_form(url: str, canonical: str) -> None:
    """Scheme, host and port are made plain; path and query stay as written, but for what is not ASCII."""
    assert canonical_url(url, STRICT) == canonical


REFUSED = [
    ("", "url_empty"),
    ("http://example.com/" + "a" * 2030, "url_too_long"),
    ("http://example.com/" + "\u00e9" * 400, "url_too_long"),
    ("http://example.com/\u00a0", "url_control_char"),
    ("http://example.com/\u2028", "url_control_char"),
    ("http://example.com/\u3000", "url_control_char"),
    ("http://example.com/\x7f", "url_control_char"),
    ("http://exa\u200bmple.com/", "url_control_char"),
    ("http://example.com/\u200b", "url_control_char"),
    ("http://example.com/\u2060", "url_control_char"),
    ("http://example.com/\ufeff", "url_control_char"),
    ("http://example.com/gpj.\u202eexe", "url_control_char"),
    ("http://example.com/\u2066x\u2069", "url_control_char"),
    ("http://example.com/\u180e", "url_control_char"),
    ("http://example.com/\ud800", "url_control_char"),
    ("http://example.com/a\\b", "url_backslash"),
    ("http//example.com", "url_scheme"),
    ("://example.com", "url_scheme"),
    ("http\u017f://example.com", "url_scheme"),
    ("\ufeffhttp://example.com", "url_control_char"),
    ("http://u@example.com", "url_userinfo"),
    ("http://u:p@[::1]/", "url_userinfo"),
    ("http:example.com", "url_host"),
    ("http:/example.com", "url_host"),
    ("http:///example.com", "url_host"),
    ("http://", "url_host"),
    ("http://?q", "url_host"),
    ("http://.", "url_host"),
    ("http://example.com../", "url_host"),
    ("http://.example.com/", "url_host"),
    ("http://" + "a" * 64 + ".com/", "url_host"),
    ("http://exam!ple.com/", "url_host"),
    ("http://exam%ple.com/", "url_host"),
    ("http://exam%ffple.com/", "url_host"),
    ("http://%65xample.com/", "url_host"),
    ("http://b%C3%BCcher.de/", "url_host"),
    ("http://%31%32%37.0.0.1/", "url_host"),
    ("http://exa\u00admple.com/", "url_host"),
    ("http://exa\ufe0fmple.com/", "url_host"),
    ("http://b\u00fc\u034fcher.de/", "url_host"),
    ("http://exam%2eple%2ecom%2f/", "url_host"),
    ("http://example.com\uff0fx/", "url_host"),
    ("http://ex\u2100mple.com/", "url_host"),
    ("http://\U0001f4a9.la/", "url_host"),
    ("http://xn--0.com/", "url_host"),
    ("http://xn--a-.com/", "url_host"),
    ("http://[::1]x/", "url_host"),
    ("http://[v1.x]/", "url_host"),
    ("http://[]/", "url_host"),
    ("http://[2003::1%25eth0]/", "url_host"),
    ("http://a.localhost/", "url_host"),
    ("http://a.example./", "url_host"),
    ("http://1.in-addr.arpa/", "url_host"),
    ("http://\uff4cocalhost.lan/", "url_host"),
    ("http://0x7f000001/", "url_host_ipv4_encoding"),
    ("http://1.1.1.256/", "url_host_ipv4_encoding"),
    ("http://1.1.1.01/", "url_host_ipv4_encoding"),
    ("http://1.1.1.1.1/", "url_host_ipv4_encoding"),
    ("http://a.b.c.09/", "url_host_ipv4_encoding"),
    ("http://\uff10\uff58\uff17f.1/", "url_host_ipv4_encoding"),
    ("http://localhost/", "url_host_single_label"),
    ("http://l\u00f6calhost/", "url_host_single_label"),
    ("http://local/", "url_host_single_label"),
    ("http://\uff11\uff12\uff17.0.0.1/", "url_address_denied"),
    ("http://\u2460\u2461\u2466.0.0.1/", "url_address_denied"),
    ("http://127.0.0.1./", "url_address_denied"),
    ("http://[::ffff:1.1.1.1]/", "url_address_denied"),
    ("http://example.com:8081/", "url_port_denied"),
    ("http://example.com:-80/", "url_port_denied"),
    ("http://example.com:80:80/", "url_port_denied"),
    ("http://[2003::1]:22/", "url_port_denied"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "code"), REFUSED)
def test_each_reason_for_refusal_has_its_code(url: str, code: str) -> None:
    """The codes of the API, over all ways of writing that mean to hide something."""
    assert code_of(url) == code


def test_the_first_reason_is_told() -> None:
    """In the order of the API: each URL here lacks the first fault of the one before it."""
    urls = [
        ("ftp://u@localhost:22/\\ " + "a" * 2048, "url_too_long"),
        ("ftp://u@localhost:22/\\ ", "url_control_char"),
        ("ftp://u@localhost:22/\\", "url_backslash"),
        ("ftp://u@localhost:22/", "url_scheme"),
        ("http://u@localhost:22/", "url_userinfo"),
        ("http://a.localhost:22/", "url_host"),
        ("http://127.1:22/", "url_host_ipv4_encoding"),
        ("http://localhost:22/", "url_host_single_label"),
        ("http://127.0.0.1:22/", "url_address_denied"),
        ("http://own.com:22/", "url_port_denied"),
        ("http://own.com/", "url_own_host"),
    ]
    assert [code_of(url, rules(own_hosts="own.com")) for url, _ in urls] == [code for _, code in urls]


@pytest.mark.parametrize(
    "url", ["http://localhost:41234/x", "http://127.0.0.1:1/x", "http://[::1]:65535/x", "http://localhost/x"]
)
def test_listed_private_targets_pass_the_door_with_any_port(url: str) -> None:
    """What `make run` needs: loopback targets by name and by literal."""
    assert canonical_url(url, LOCAL) == url


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.2:41234/", "url_address_denied"),
        ("http://a.localhost:41234/", "url_host"),
        ("http://127.1:41234/", "url_host_ipv4_encoding"),
        ("http://localhost:0/", "url_port_denied"),
        ("http://localhost:99999/", "url_port_denied"),
        ("http://example.com:41234/", "url_port_denied"),
    ],
)
def test_a_private_target_opens_the_door_for_itself_only(url: str, code: str) -> None:
    """Its neighbours, its odd spellings and impossible ports stay out."""
    assert code_of(url, LOCAL) == code


def test_a_private_target_with_a_port_is_listed_on_that_port_only() -> None:
    """`host:port` lists one port; a name that is listed may be of a kind that is never public."""
    listed = rules(private_targets="db.internal:9000,10.0.0.0/8:9000")
    assert canonical_url("http://db.internal:9000/", listed) == "http://db.internal:9000/"
    assert canonical_url("http://10.1.2.3:9000/", listed) == "http://10.1.2.3:9000/"
    assert code_of("http://db.internal/", listed) == "url_host"
    assert code_of("http://10.1.2.3/", listed) == "url_address_denied"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "[::1]"])
def test_this_service_is_no_target_even_where_private_targets_are(host: str) -> None:
    """By none of its names: a job that schedules jobs would be a bomb."""
    assert code_of(f"http://{host}:4566/v1/jobs", LOCAL) == "url_own_host"


def test_own_hosts_are_known_by_host_and_port() -> None:
    """With a port, that port only; without one, all ports."""
    own = rules(own_hosts="api.service.com:8443, console.service.com")
    assert code_of("https://api.service.com:8443/", own) == "url_own_host"
    assert canonical_url("https://api.service.com/", own) == "https://api.service.com/"
    assert code_of("https://CONSOLE.service.com/", own) == "url_own_host"
    assert code_of("http://console.service.com:8080/", own) == "url_own_host"


@pytest.mark.parametrize("setting", ["https://api.service.com", "api service", "10.0.0.0/8", "a,,b", "a:b"])
def test_own_hosts_that_make_no_sense_are_told(setting: str) -> None:
    """The message names the setting."""
    with pytest.raises(SettingInvalid, match="own_hosts"):
        rules(own_hosts=setting)


hostile = st.text(
    st.sampled_from(list("aé1.0x7f%2e[]:@/?#\\- _,\u3002\uff0f\uff10\u2024\u200b\u0661\n\t")) | st.characters(),
    max_size=30,
)
urls = st.one_of(
    st.builds("http://{}".format, hostile),
    st.builds("{}://example.com{}".format, st.sampled_from(["http", "HTTPS", "https"]), hostile),
    st.builds("https://example.com/{}?{}#{}".format, hostile, hostile, hostile),
    hostile,
)


@given(urls)
def test_a_canonical_url_means_the_same_to_every_parser(url: str) -> None:
    """What was checked is what is called: plain ASCII, the same host to Python, urllib3 and ourselves, and final."""
    try:
        canonical = canonical_url(url, STRICT)
    except ValueRefused:
        return
    assert canonical.isascii()
    assert canonical.isprintable()
    assert " " not in canonical
    assert canonical_url(canonical, STRICT) == canonical
    by_python, by_urllib3 = urlsplit(canonical), parse_url(canonical)
    assert by_python.hostname == (by_urllib3.host or "").strip("[]")
    assert by_python.port == by_urllib3.port
    assert by_python.scheme == by_urllib3.scheme
    assert (by_python.username, by_urllib3.auth, by_python.fragment) == (None, None, "")
