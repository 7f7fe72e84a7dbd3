"""What each of curl's options is to a scheduled request: a part of it, of no use to it, or out of reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["part", "ignored", "refused"]


@dataclass(frozen=True, slots=True)
class Option:
    """One of curl's options. `reason` says why it is ignored or refused."""

    name: str
    short: str
    takes_value: bool
    kind: Kind
    reason: str = ""


_OUTPUT = "it is about what curl prints; the beginning of the answer is kept with the job"
_CONNECTION = "the service connects in its own way"
_REDIRECTS = "redirects are not followed; a 3xx is a failure, unless --expect names it"
_FAILURE = "any answer but a 2xx is a failure anyway; --expect says otherwise"
_HTTP = "requests are sent with HTTP/1.1"
_RETRIES = "which failures are tried again is the service's rule; --retry says how often"
_CERTIFICATES = "certificates are always checked, against the public authorities"
_CLIENT_CERTIFICATE = "a scheduled request has no certificate of its own"
_PROXY = "scheduled requests go straight to their target"
_ADDRESS = "the service looks the name up itself, and calls public addresses only"
_LOGIN = "the service cannot answer a challenge; what it can send is Basic (-u) or a token (-H 'Authorization: ...')"
_SEVERAL = "a job is one request: schedule each for itself"
_LOCAL_FILE = "write what is in that file as options"

_PARTS: Mapping[str, str] = {  # with a value; by long name, the short one
    "request": "X",
    "header": "H",
    "data": "d",
    "data-ascii": "",
    "data-raw": "",
    "data-binary": "",
    "data-urlencode": "",
    "json": "",
    "user": "u",
    "referer": "e",
    "cookie": "b",
    "max-time": "m",
    "retry": "",
    "retry-delay": "",
    "range": "r",
    "oauth2-bearer": "",
    "url": "",
    "url-query": "",
}
_PART_FLAGS: Mapping[str, str] = {"get": "G", "head": "I", "globoff": "g"}

_IGNORED_FLAGS: Mapping[str, Mapping[str, str]] = {
    _OUTPUT: {
        **{"silent": "s", "show-error": "S", "verbose": "v", "include": "i", "show-headers": "", "progress-bar": "#"},
        **{"no-buffer": "N", "remote-name": "O", "remote-header-name": "J", "remote-name-all": "", "create-dirs": ""},
        **{"progress-meter": "", "styled-output": "", "trace-time": "", "trace-ids": "", "xattr": "", "buffer": ""},
        **{"remote-time": "R", "raw": "", "clobber": "", "no-clobber": "", "remove-on-error": ""},
        **{"suppress-connect-headers": ""},
    },
    "answers are asked for as they are; the target sees no Accept-Encoding": {"compressed": ""},
    _FAILURE: {"fail": "f", "fail-with-body": "", "fail-early": ""},
    _REDIRECTS: {"location": "L", "location-trusted": "", "post301": "", "post302": "", "post303": ""},
    _RETRIES: {"retry-connrefused": "", "retry-all-errors": ""},
    _HTTP: {"http1.1": "", "http2": "", "http2-prior-knowledge": "", "http1.0": "0", "http3": "", "alpn": ""},
    _CONNECTION: {
        **{"tcp-nodelay": "", "tcp-fastopen": "", "keepalive": "", "ipv4": "4", "ipv6": "6", "path-as-is": ""},
        **{"tlsv1": "1", "tlsv1.0": "", "tlsv1.1": "", "tlsv1.2": "", "tlsv1.3": "", "sessionid": "", "ssl-reqd": ""},
        **{"parallel": "Z", "parallel-immediate": "", "disable": "q", "tr-encoding": "", "junk-session-cookies": "j"},
        **{"ssl": "", "ssl-no-revoke": "", "ssl-revoke-best-effort": "", "ssl-allow-beast": "", "false-start": ""},
    },
    "it is what -u sends anyway": {"basic": ""},
}
_IGNORED_VALUES: Mapping[str, Mapping[str, str]] = {
    _OUTPUT: {
        **{"output": "o", "write-out": "w", "dump-header": "D", "trace": "", "trace-ascii": "", "stderr": ""},
        **{"output-dir": "", "max-filesize": "", "limit-rate": "", "trace-config": ""},
        **{"create-file-mode": "", "libcurl": "", "rate": ""},
    },
    "requests carry the service's own name, Punctual": {"user-agent": "A"},
    "no cookies are kept from one request to the next": {"cookie-jar": "c"},
    "it counts within the time of the whole exchange (-m, or --timeout)": {
        **{"connect-timeout": "", "expect100-timeout": "", "speed-limit": "Y", "speed-time": "y"},
    },
    _REDIRECTS: {"max-redirs": "", "proto-redir": ""},
    _RETRIES: {"retry-max-time": ""},
    _CONNECTION: {
        **{"keepalive-time": "", "keepalive-cnt": "", "happy-eyeballs-timeout-ms": "", "tls-max": ""},
        **{"proto": "", "proto-default": "", "parallel-max": "", "noproxy": ""},
    },
}

_REFUSED_FLAGS: Mapping[str, Mapping[str, str]] = {
    _CERTIFICATES: {"insecure": "k", "proxy-insecure": "", "doh-insecure": ""},
    _LOGIN: {"digest": "", "ntlm": "", "negotiate": "", "anyauth": "", "netrc": "n", "netrc-optional": ""},
    _SEVERAL: {"next": ":"},
    _PROXY: {"proxytunnel": "p"},
    _HTTP: {"http3-only": "", "http0.9": ""},
    "uploads of FTP are no HTTP": {"append": "a", "use-ascii": "B", "list-only": "l"},
}
_REFUSED_VALUES: Mapping[str, Mapping[str, str]] = {
    "a form in parts is not made here; send fields by --data-urlencode, or a ready body by --data-binary @file with "
    "its Content-Type": {"form": "F", "form-string": ""},
    "send the file as a body: -X PUT --data-binary @file": {"upload-file": "T"},
    _CERTIFICATES: {"cacert": "", "capath": "", "crlfile": "", "pinnedpubkey": "", "ciphers": "", "tls13-ciphers": ""},
    _CLIENT_CERTIFICATE: {"cert": "E", "cert-type": "", "key": "", "key-type": "", "pass": ""},  # nosec B105
    _PROXY: {
        **{"proxy": "x", "proxy-user": "U", "preproxy": "", "socks4": "", "socks4a": "", "socks5": ""},
        **{"socks5-hostname": "", "proxy-header": "", "haproxy-clientip": ""},
    },
    _ADDRESS: {
        **{"resolve": "", "connect-to": "", "interface": "", "unix-socket": "", "abstract-unix-socket": ""},
        **{"dns-servers": "", "dns-interface": "", "doh-url": "", "local-port": ""},
    },
    "a signature made now would be too old when the job is due": {"aws-sigv4": ""},
    _LOGIN: {"netrc-file": "", "delegation": "", "service-name": "", "login-options": ""},
    _LOCAL_FILE: {"config": "K", "variable": "", "expand-url": "", "expand-data": "", "expand-header": ""},
    "it depends on what was fetched before, and nothing was": {
        **{"continue-at": "C", "time-cond": "z", "etag-compare": "", "etag-save": "", "hsts": "", "alt-svc": ""},
    },
    "it is no HTTP": {"quote": "Q", "mail-from": "", "mail-rcpt": "", "telnet-option": "t", "ftp-port": "P"},
    "a request's target is its URL": {"request-target": ""},
}


def _all() -> list[Option]:
    options = [Option(name, short, True, "part") for name, short in _PARTS.items()]
    options += [Option(name, short, False, "part") for name, short in _PART_FLAGS.items()]
    tables: tuple[tuple[Mapping[str, Mapping[str, str]], bool, Kind], ...] = (
        (_IGNORED_FLAGS, False, "ignored"),
        (_IGNORED_VALUES, True, "ignored"),
        (_REFUSED_FLAGS, False, "refused"),
        (_REFUSED_VALUES, True, "refused"),
    )
    for table, takes_value, kind in tables:
        for reason, names in table.items():
            options += [Option(name, short, takes_value, kind, reason) for name, short in names.items()]
    return options


BY_NAME: Mapping[str, Option] = {option.name: option for option in _all()}
BY_SHORT: Mapping[str, Option] = {option.short: option for option in _all() if option.short}

HEADERS_NOT_SENT: Mapping[str, str] = {
    "user-agent": "requests carry the service's own name, Punctual",
    "accept-encoding": "answers are asked for as they are",
    "connection": _CONNECTION,
    "keep-alive": _CONNECTION,
    "te": _CONNECTION,
    "expect": _CONNECTION,
    "content-length": "it is told by the body",
}
"""Headers that browsers and curl write by themselves, in lower case, and why the service refuses them."""
