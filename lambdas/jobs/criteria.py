"""What a job has to meet, one by one: the list that `GET /v1/criteria` shows and `POST /v1/validate` reports on.

Every fault that a document can have is the failure of exactly one criterion; tests hold the list to the refusals of
`POST /v1/jobs`. What is not seen at the door, where the host's name leads at the moment, is in the list too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdas.jobs.errors import Fault

ANY_FIELD = "document"
"""The field of criteria about the whole document: their faults name whatever is wrong in it."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that must be so.

    `name` is fixed, for programs; `field` the field of the document that it is about, with all that is in it; `codes`
    those of the API's error codes that say it is not met. `after` names criteria without which it cannot be judged.
    """

    name: str
    field: str
    description: str
    codes: frozenset[str]
    after: tuple[str, ...] = ()

    def is_failed_by(self, fault: Fault) -> bool:
        """Whether a fault says that this criterion is not met."""
        inside = self.field == ANY_FIELD or fault.field == self.field or fault.field.startswith(f"{self.field}.")
        return inside and fault.code in self.codes


def _chain(field: str, *links: tuple[str, str, str]) -> list[Criterion]:
    """Criteria of one field, of which the first that fails ends the judgement: name, codes and description of each."""
    names = [f"{field}.{name}" for name, _, _ in links]
    return [
        Criterion(name, field, description, frozenset(codes.split()), tuple(names[:position]))
        for position, (name, (_, codes, description)) in enumerate(zip(names, links, strict=True))
    ]


def _single(name: str, codes: str, description: str, *, field: str = "", after: tuple[str, ...] = ()) -> Criterion:
    """A criterion of the field that its name begins with, unless another is given."""
    return Criterion(name, field or name.partition(".")[0], description, frozenset(codes.split()), after)


CRITERIA: tuple[Criterion, ...] = (
    _single("document.fields", "unknown_field", "Every field is one of those in the documentation.", field=ANY_FIELD),
    *_chain(
        "url",
        ("given", "required type", "There is a url, and it is a string."),
        ("length", "url_empty url_too_long", "The URL has 1 to 2,048 characters."),
        ("characters", "url_control_char url_backslash", "The URL holds no blanks, control characters or backslashes."),
        ("scheme", "url_scheme", "The URL begins with http:// or https://."),
        ("no_credentials", "url_userinfo", "The URL holds no user name and no password."),
        (
            "host",
            "url_host url_host_ipv4_encoding url_host_single_label",
            "The URL names a host of the internet: a whole domain name, or an address in its usual form.",
        ),
        ("public_address", "url_address_denied", "An address in the URL is public."),
        ("port", "url_port_denied", "The port is one of those that may be called."),
        ("not_this_service", "url_own_host", "The URL does not lead to this service itself."),
        (
            "resolves",
            "name_not_found address_denied",
            "The host's name leads to public addresses, and to no others. It is looked up now, and each time "
            "the request is sent; a job is accepted all the same.",
        ),
    ),
    _single("method.known", "method type", "The method is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS."),
    _single("headers.form", "type", "headers is an object of names and values."),
    _single(
        "headers.size",
        "headers_too_large",
        "There are at most 64 headers, of at most 16 KB together.",
        after=("headers.form",),
    ),
    *(
        _single(f"headers.{name}", codes, description, after=("headers.form", "headers.size"))
        for name, codes, description in (
            ("names", "header_name", "Names of headers are tokens of RFC 9110."),
            (
                "values",
                "header_type header_value",
                "Values of headers are strings of Latin-1 without control characters.",
            ),
            ("allowed", "header_denied", "No header is one that the connection or the service sets."),
            ("unique", "header_duplicate", "No header is there twice, whatever its case."),
        )
    ),
    _single(
        "secret_headers.names",
        "type range header_name",
        "secret_headers is a list of at most 64 header names, of 16 KB together.",
    ),
    _single("body.one_form", "body_conflict", "There is body or body_base64, not both."),
    _single("body.size", "body_too_large", "The body has at most 256 KB."),
    _single("body.allowed", "body_not_allowed", "A HEAD request has no body."),
    _single("body_base64.form", "type base64", "body_base64 is base64 as RFC 4648 has it, padded, on one line."),
    _single("body_base64.size", "body_too_large", "What body_base64 stands for has at most 256 KB."),
    _single("body_base64.allowed", "body_not_allowed", "A HEAD request has no body."),
    _single("at.one_time", "when_required when_conflict", "There is a time: at or delay_seconds, not both."),
    *_chain(
        "at",
        ("form", "type at_format", "at is an RFC 3339 time, or a local date and time."),
        ("offset", "at_offset_required", "A time without an offset comes with a timezone."),
        ("exists", "at_nonexistent", "A local time exists in its timezone: clocks do not skip it."),
        ("not_past", "at_past", "The time is not more than 60 seconds ago."),
        ("not_too_far", "at_too_far", "The time is at most 100 years ahead."),
    ),
    _single(
        "delay_seconds.range", "type range", "delay_seconds is 0 to 3,155,760,000 (100 years), with up to 3 decimals."
    ),
    _single("timezone.known", "type timezone_unknown", "The timezone is a name of the IANA database."),
    _single("retry.range", "type range", "retry has 1 to 20 attempts, and a minimum backoff not over the maximum."),
    _single("timeout_seconds.range", "type range", "timeout_seconds is 1 to 60."),
    _single("expect.form", "type range", "expect is an object; its text and its JSON have at most 16 KB."),
    _single("expect.status", "expect_status", "expect.status is a status, a class such as 2xx, or a list of them."),
    _single("notify.form", "type range", "notify is an object; its on names failed, succeeded, both or neither."),
    _single("notify.email", "email_unconfirmed", "The address that is to be told was confirmed."),
    _single("name.length", "type range", "The name is a string of at most 200 characters."),
)


def shown_criterion(criterion: Criterion) -> dict[str, Any]:
    """A criterion as the API shows it."""
    return {"name": criterion.name, "field": criterion.field, "description": criterion.description}
