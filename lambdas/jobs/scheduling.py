"""The fields of a job as users send them: their structure, types and plain ranges, and the faults that are found.

pydantic looks at the structure, strictly: nothing is converted, and unknown fields are refused. What only the core can
judge (is the address public? does the local time exist?) is judged by `accept` and the modules it calls, for every
field whose structure is sound, so that all faults of a document are told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from lambdas.jobs.due_time import LONGEST_DELAY_SECONDS
from lambdas.jobs.errors import Fault, RequestRefused, ValueRefused
from lambdas.jobs.headers import MOST_HEADERS

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class Retry(TypedDict, total=False):
    max_attempts: Annotated[int, Field(ge=1, le=20)]
    min_backoff_seconds: Annotated[int, Field(ge=1, le=3_600)]
    max_backoff_seconds: Annotated[int, Field(ge=1, le=86_400)]


@with_config(_STRICT)
class Expect(TypedDict, total=False):
    status: Any
    body_contains: str
    json: Any


@with_config(_STRICT)
class Notify(TypedDict, total=False):
    on: list[str]
    email: str


@with_config(_STRICT)
class Scheduling(TypedDict, total=False):
    """The table *Scheduling* of the API, in its order. `Any` is judged elsewhere."""

    url: str
    method: str
    headers: dict[str, Any]
    secret_headers: Annotated[list[str], Field(max_length=MOST_HEADERS)]
    body: Any
    body_base64: str
    at: str
    delay_seconds: Annotated[float, Field(ge=0, le=LONGEST_DELAY_SECONDS)]
    timezone: str
    retry: Retry
    timeout_seconds: Annotated[float, Field(ge=1, le=60)]
    expect: Expect
    notify: Notify
    name: Annotated[str, Field(max_length=200)]


FIELDS = tuple(Scheduling.__annotations__)
RETRY_FIELDS = tuple(Retry.__annotations__)

RIGHT = {
    "url": "a string: an http or https URL",
    "method": "a string, such as POST",
    "headers": "an object of names and values, both strings",
    "secret_headers": f"a list of at most {MOST_HEADERS} header names",
    "body_base64": "a string in base64",
    "at": "a string: an RFC 3339 time such as 2026-11-29T06:00:00Z",
    "delay_seconds": f"a number from 0 to {LONGEST_DELAY_SECONDS} (100 years)",
    "timezone": "a string: an IANA name such as Europe/Berlin",
    "retry": "an object",
    "retry.max_attempts": "a whole number from 1 to 20",
    "retry.min_backoff_seconds": "a whole number from 1 to 3600",
    "retry.max_backoff_seconds": "a whole number from 1 to 86400",
    "timeout_seconds": "a number from 1 to 60",
    "expect": "an object",
    "expect.body_contains": "a string",
    "notify": "an object",
    "notify.on": "a list that may hold failed and succeeded",
    "notify.email": "a string: an address that was confirmed",
    "name": "a string of at most 200 characters",
}
"""What each field must be; the answer to a wrong type and to a wrong range alike."""

_OUT_OF_RANGE = frozenset({"greater_than_equal", "less_than_equal", "string_too_long", "too_long"})


@dataclass(frozen=True, slots=True)
class Form:
    """What a document may look like.

    `shape` judges its structure; `fields` names the fields that it and its inner objects ("" is the document) may
    have; `right` says what each field must be.
    """

    shape: TypeAdapter[Any]
    fields: Mapping[str, tuple[str, ...]]
    right: Mapping[str, str]


JOB = Form(
    TypeAdapter(Scheduling),
    {"": FIELDS, "retry": RETRY_FIELDS, "expect": tuple(Expect.__annotations__), "notify": ("on", "email")},
    RIGHT,
)


class Faults:
    """The faults of one document, as they are found."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, field: str, code: str, message: str) -> None:
        self._found.append(Fault(field, code, message))

    def extend(self, faults: Iterable[Fault]) -> None:
        self._found.extend(faults)

    @contextmanager
    def of(self, field: str) -> Iterator[None]:
        """What is refused inside is a fault of this field, and the rest of the document is judged all the same."""
        try:
            yield
        except ValueRefused as refused:
            self.add(field, refused.code, refused.message)

    def touch(self, *fields: str) -> bool:
        """Whether one of these fields, or something in it, is at fault already: then it can cause no second fault."""
        return any(f.field == field or f.field.startswith(f"{field}.") for f in self._found for field in fields)

    def refuse_if_any(self) -> None:
        """Raise RequestRefused (422) with all that was found, in the order of the table *Scheduling*."""
        if self._found:
            ordered = sorted(self._found, key=lambda fault: _place(fault.field))
            raise RequestRefused(422, "Invalid request", ordered)


def sound_part(document: Mapping[str, Any], faults: Faults, form: Form = JOB) -> Scheduling:
    """The document without what is structurally wrong with it, which is added to `faults`."""
    try:
        return cast("Scheduling", form.shape.validate_python(document))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_context=False, include_input=False)
    sound = {name: dict(value) if isinstance(value, dict) else value for name, value in document.items()}
    known: set[tuple[str, str]] = set()
    for error in errors:
        # What is wrong with an element is wrong with its list.
        path = [part for part in error["loc"] if isinstance(part, str)]
        fault = _structural_fault(path, error["type"], form)
        if (fault.field, fault.code) not in known:
            known.add((fault.field, fault.code))
            faults.extend([fault])
        _take_out(sound, path)
    return cast("Scheduling", sound)


def _structural_fault(path: list[str], error_type: str, form: Form) -> Fault:
    field = ".".join(path)
    if error_type == "extra_forbidden":
        inside = ".".join(path[:-1])
        message = f"There is no such field; those there are: {', '.join(form.fields[inside])}."
        return Fault(field[:200], "unknown_field", message)
    code = "range" if error_type in _OUT_OF_RANGE else "type"
    return Fault(field, code, f"{field} must be {form.right[field]}.")


def _take_out(document: dict[str, Any], path: list[str]) -> None:
    *outer, last = path
    for name in outer:
        document = document.get(name, {})
    document.pop(last, None)


def _place(field: str) -> int:
    """Where a field's faults stand among all: in the table's order, then what is not in the table."""
    name = field.partition(".")[0]
    return FIELDS.index(name) if name in FIELDS else len(FIELDS)
