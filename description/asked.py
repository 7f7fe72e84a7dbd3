"""The documents that the API takes, as JSON Schema: pydantic's own models of them, told more exactly where the model
leaves the judgement to the core.

What no schema can say (is the address public? is the time past?) is in the descriptions, and answered by a 422.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from description.answers import End, Scope
from description.words import meanings
from lambdas.handlers.batch import LARGEST_BATCH
from lambdas.jobs.expecting import MOST_STATUSES
from lambdas.jobs.headers import MOST_HEADERS
from lambdas.jobs.new_key import LONGEST_NAME
from lambdas.jobs.requested import METHODS
from lambdas.jobs.scheduling import Scheduling
from lambdas.jobs.trying import Asked

Schema = dict[str, Any]

_TIME = (
    "-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]"
    r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"
)
_AHEAD = "2[01][0-9]{2}"
"""The years that a job can be due in: 100 ahead at most."""
_OFFSET = "([01][0-9]|2[0-3]):[0-5][0-9]"
WRITTEN_TIME: Schema = {"type": "string", "pattern": f"^{_AHEAD}{_TIME}([Zz]|[+-]{_OFFSET})?$"}
"""With or without an offset."""
INSTANT: Schema = {"type": "string", "pattern": f"^{_AHEAD}{_TIME}([Zz]|[+-]{_OFFSET})$"}
ASKED_INSTANT: Schema = {"type": "string", "pattern": f"^[0-9]{{4}}{_TIME}([Zz]|[+ -]{_OFFSET})$"}
"""The same in a query, where a plus may have become a blank."""
ZONE: Schema = {"type": "string", "format": "iana-time-zone"}

_CLOSED = ConfigDict(extra="forbid")


@with_config(_CLOSED)
class Batch(TypedDict):
    jobs: Annotated[list[Scheduling], Field(min_length=1, max_length=LARGEST_BATCH)]


@with_config(_CLOSED)
class NewKey(TypedDict, total=False):
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"\S")]
    scopes: Annotated[list[Scope], Field(min_length=1, json_schema_extra={"uniqueItems": True})]
    expires_at: Annotated[
        Annotated[str, Field(json_schema_extra={"pattern": INSTANT["pattern"]})] | None,
        Field(description="RFC 3339 with an offset; null, or left out, for never."),
    ]


@with_config(_CLOSED)
class NotifyChange(TypedDict, total=False):
    on: Annotated[list[End] | None, Field(json_schema_extra={"uniqueItems": True})]
    email: Annotated[
        str | None, Field(json_schema_extra={"format": "email"}, description="It must be confirmed; null is none.")
    ]
    addresses: Annotated[dict[str, None], Field(description="null takes an address away.")]


@with_config(_CLOSED)
class MeChange(TypedDict, total=False):
    notify: NotifyChange | None


@with_config(_CLOSED)
class Lift(TypedDict):
    state: Literal["allowed"]


MODELS: Mapping[str, Any] = {
    "Scheduling": Scheduling,
    "Trial": Asked,
    "Batch": Batch,
    "NewKey": NewKey,
    "MeChange": MeChange,
    "Lift": Lift,
}
"""The documents by what they are called here; what they are made of comes along."""

RENAMED = {"Asked": "Trial", "ExpectHere": "TrialExpect"}

_HEADER_NAME = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
_HEADERS: Schema = {
    "maxProperties": MOST_HEADERS,
    "propertyNames": {"pattern": _HEADER_NAME},
    "additionalProperties": {"type": "string", "pattern": "^([!-~¡-ÿ]([\t -~\u00a0-ÿ]*[!-~¡-ÿ])?)?$"},
}
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
_STATUSES: list[Schema] = [
    {"type": "integer", "minimum": 100, "maximum": 599},
    {"type": "string", "pattern": "^[1-5](xx|XX)$"},
]
_EXPECT: Mapping[str, Schema] = {
    "status": {
        "anyOf": [
            *_STATUSES,
            {"type": "array", "items": {"anyOf": _STATUSES}, "minItems": 1, "maxItems": MOST_STATUSES},
        ]
    },
    "json": {"not": {"type": "null"}},
}
_REQUEST: Mapping[str, Schema] = {
    # No `uri`: what is not ASCII, and a % that stands for itself, may be written as they are.
    "url": {"format": "http-url", "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\x00-\x20\x7f\\]+$", "maxLength": 2_048},
    "method": {"enum": list(METHODS), "default": "POST"},
    "headers": _HEADERS,
    "secret_headers": {"items": {"type": "string", "pattern": _HEADER_NAME}},
    "body_base64": {"contentEncoding": "base64", "pattern": _BASE64},
}
_MORE_EXACTLY: Mapping[str, Mapping[str, Schema]] = {
    "Scheduling": {**_REQUEST, "at": WRITTEN_TIME, "timezone": ZONE},
    "Trial": _REQUEST,
    "Expect": _EXPECT,
    "TrialExpect": {**_EXPECT, "headers": _HEADERS},
    "Notify": {
        "on": {
            "items": {"type": "string", "enum": ["failed", "succeeded"]},
            "uniqueItems": True,
            "default": ["failed"],
        },
        "email": {"format": "email"},
    },
    "Retry": {
        "max_attempts": {"default": 5},
        "min_backoff_seconds": {"default": 10},
        "max_backoff_seconds": {"default": 3_600},
    },
}
"""What the core asks of a field, by document and field; the model has a plainer type, or none."""

_NULL: Schema = {"type": "null"}
_BOTH_TIMES: Schema = {"required": ["at", "delay_seconds"]}
_BOTH_BODIES: Schema = {"required": ["body", "body_base64"], "properties": {"body": {"not": _NULL}}}


def more_exactly(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """pydantic's schemas with what the core asks beside, and the schema of changes, which is made from them."""
    exact = deepcopy(dict(schemas))
    for name, fields in _MORE_EXACTLY.items():
        for field, details in fields.items():
            exact[name]["properties"][field].update(deepcopy(details))
    told = meanings("Scheduling a job")
    for name in ("Scheduling", "Trial"):
        for field, schema in exact[name]["properties"].items():
            schema["description"] = told[field]
    exact["Change"] = _change_of(exact["Scheduling"])
    exact["RetryChange"] = _nullable(exact["Retry"], but=())
    exact["Scheduling"] |= {
        "required": ["url"],
        "oneOf": [{"required": ["at"]}, {"required": ["delay_seconds"]}],
        "not": _BOTH_BODIES,
    }
    exact["Trial"] |= {"required": ["url"], "not": _BOTH_BODIES}
    exact["NewKey"]["required"] = ["name", "scopes"]
    return exact


def _change_of(scheduling: Schema) -> Schema:
    """A merge patch (RFC 7396) of a job: null sets a field back to its default."""
    change = _nullable(scheduling, but=("url", "body"))
    change["properties"]["retry"]["anyOf"][0] = {"$ref": "#/components/schemas/RetryChange"}
    not_null = {"at": {"not": _NULL}, "delay_seconds": {"not": _NULL}}
    change["not"] = {"anyOf": [{**_BOTH_TIMES, "properties": not_null}, _BOTH_BODIES]}
    change["description"] = "A JSON merge patch (RFC 7396): null sets a field back to its default."
    return change


def _nullable(schema: Schema, *, but: tuple[str, ...]) -> Schema:
    """The same object whose members may be null, all but some; those that have one, without their defaults."""
    changed = deepcopy(schema)
    changed["title"] = f"{schema['title']}Change"
    for name, member in changed["properties"].items():
        member.pop("default", None)
        if name not in but:
            told = {"description": member.pop("description")} if "description" in member else {}
            changed["properties"][name] = {"anyOf": [member, _NULL], **told}
    return changed
