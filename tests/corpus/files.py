"""The corpus's two files: hostile and benign addresses, bad and good requests; read into what the checks work with."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import SettingInvalid

ADDRESSES = Path(__file__).with_name("ssrf.json")
REQUESTS = Path(__file__).with_name("bad_requests.json")

VERDICTS = ("block", "allow", "never-private")
STAGES = ("api", "worker")


class NotACorpus(Exception):
    """A file cannot be read, or has another form; the message says which file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """A URL and what must become of it.

    `verdict` is one of VERDICTS, `stage` one of STAGES: who is to decide. `dns` gives for a name the addresses of each
    look-up, the last for ever. A target that is reached answers 302 to `redirect_to` if that is given, else 200.
    `connect_to` is the address that is to be reached, `canonical` the URL as it is to be stored.
    """

    id: str
    url: str
    verdict: str
    stage: str
    dns: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    redirect_to: str | None = None
    connect_to: str | None = None
    canonical: str | None = None


@dataclass(frozen=True, slots=True)
class AddressCorpus:
    """The entries, and what the settings that they reckon with come to."""

    entries: tuple[AddressEntry, ...]
    rules: Rules


@dataclass(frozen=True, slots=True)
class RequestEntry:
    """A request to schedule a job and what it must lead to.

    A bad one (`field` is what is at fault) is refused with the status and the code of `expect`. A good one (`field` is
    None) makes a job that has the values of `expect`. `document` is None where the content is no JSON.
    """

    id: str
    content: bytes
    headers: Mapping[str, str]
    expect: Mapping[str, Any]
    field: str | None
    document: Any


@dataclass(frozen=True, slots=True)
class RequestCorpus:
    bad: tuple[RequestEntry, ...]
    valid: tuple[RequestEntry, ...]


def read_addresses(path: Path) -> AddressCorpus:
    """Read a file of the form of `ssrf.json`. Raises NotACorpus."""
    content = _read(path)
    rules = _rules(_part(content, "policy", dict, path), path)
    entries = tuple(_address_entry(entry, path) for entry in _part(content, "entries", list, path))
    if not entries:
        raise NotACorpus(f"{path}: it has no entries")
    return AddressCorpus(entries, rules)


def read_requests(path: Path) -> RequestCorpus:
    """Read a file of the form of `bad_requests.json`. Raises NotACorpus."""
    content = _read(path)
    content_type = _part(_part(content, "defaults", dict, path), "content_type", str, path)
    bad = tuple(_request_entry(entry, content_type, path, is_bad=True) for entry in _part(content, "bad", list, path))
    good = _part(content, "valid", list, path)
    valid = tuple(_request_entry(entry, content_type, path, is_bad=False) for entry in good)
    if not bad and not valid:
        raise NotACorpus(f"{path}: it has no entries")
    return RequestCorpus(bad, valid)


def spelled_out(value: Any) -> Any:
    """A JSON value without the shorthands for long texts: `$repeat` and `$concat`, as the file's legend has them."""
    match value:
        case {"$repeat": [str(text), int(times)]}:
            return text * times
        case {"$concat": [*parts]}:
            return "".join(map(spelled_out, parts))
        case dict():
            return {name: spelled_out(inner) for name, inner in value.items()}
        case list():
            return [spelled_out(inner) for inner in value]
    return value


def as_json(document: Any) -> bytes:
    """The document as it is sent: as UTF-8 where that can be."""
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair exists as an escape only
        return json.dumps(document).encode()


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise NotACorpus(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise NotACorpus(f"{path}: is not JSON: {error}") from error


def _part(content: Any, name: str, kind: type, path: Path) -> Any:
    if not isinstance(content, dict) or not isinstance(content.get(name), kind):
        raise NotACorpus(f"{path}: has another form: {name!r} is not there, or is no {kind.__name__}")
    return content[name]


def _rules(policy: Any, path: Path) -> Rules:
    ports, own_hosts = _part(policy, "ports", list, path), _part(policy, "own_hosts", list, path)
    try:
        return Rules.from_settings(
            private_targets="", allowed_ports=",".join(map(str, ports)), own_hosts=",".join(map(str, own_hosts))
        )
    except SettingInvalid as error:
        raise NotACorpus(f"{path}: has a policy that makes no sense: {error}") from error


def _address_entry(entry: Any, path: Path) -> AddressEntry:
    match entry:
        case {"id": str(name), "url": url, "verdict": str(verdict), "stage": str(stage)}:
            url, dns = spelled_out(url), entry.get("dns", {})
            optional = {key: entry.get(key) for key in ("redirect_to", "connect_to", "canonical")}
            texts = all(value is None or isinstance(value, str) for value in optional.values())
            if isinstance(url, str) and verdict in VERDICTS and stage in STAGES and _is_dns(dns) and texts:
                return AddressEntry(name, url, verdict, stage, dns, **optional)
    raise NotACorpus(f"{path}: has another form: this is no entry: {json.dumps(entry)[:200]}")


def _is_dns(dns: Any) -> bool:
    return isinstance(dns, dict) and all(
        isinstance(answers, list)
        and answers
        and all(isinstance(answer, list) and all(isinstance(ip, str) for ip in answer) for answer in answers)
        for answers in dns.values()
    )


def _request_entry(entry: Any, content_type: str, path: Path, *, is_bad: bool) -> RequestEntry:
    at_fault: str | None = None
    match entry:
        case {"id": str(name), "field": str(at_fault), "expect": {"status": int(), "code": str()}} if is_bad:
            pass
        case {"id": str(name)} if not is_bad and isinstance(entry.get("expect", {}), dict):
            pass
        case _:
            raise NotACorpus(f"{path}: has another form: this is no entry: {json.dumps(entry)[:200]}")
    try:
        content, document = _content(entry)
    except (ValueError, KeyError) as error:
        raise NotACorpus(f"{path}: {name} has none of body, raw and raw_b64, or a faulty one") from error
    headers = {"Content-Type": content_type, **entry.get("headers", {})}
    return RequestEntry(name, content, headers, entry.get("expect", {}), at_fault, document)


def _content(entry: Mapping[str, Any]) -> tuple[bytes, Any]:
    """What is sent, and the JSON value in it, if it was given as one."""
    if "raw_b64" in entry:
        return base64.b64decode(entry["raw_b64"], validate=True), None
    if "raw" in entry:
        return str(spelled_out(entry["raw"])).encode("utf-8", errors="surrogatepass"), None
    document = spelled_out(entry["body"])
    return as_json(document), document
