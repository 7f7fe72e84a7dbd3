"""The OpenAPI document: what the routes are, what each takes and answers, and what is wrong when it refuses.

Paths, methods and scopes come from the table of routes; a route that is not told in `operations` fails the build.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from description import answers
from description.asked import ASKED_INSTANT, MODELS, RENAMED, ZONE, more_exactly
from description.operations import OPERATIONS, Operation
from description.refusals import responses_of_refusals
from description.words import linked, meanings, rows
from lambdas.handlers.desk import SignIn
from lambdas.handlers.door import GUARDED
from lambdas.handlers.limiting import schedules
from lambdas.handlers.pages import TO_FILL
from lambdas.handlers.routes import ROUTES
from lambdas.jobs.headers import IDEMPOTENCY_KEY
from lambdas.jobs.job import Status
from lambdas.jobs.listing import UPCOMING_GROUP
from lambdas.jobs.outgoing import VERSION

Json = dict[str, Any]

_REF = "#/components/schemas/{model}"
_ID = {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}
_HOST = {"in": "path", "name": "host", "required": True, "schema": {"type": "string"}}
_PARAMETERS = {"id": _ID, "host": _HOST}
_ANY_MERGE_PATCH = ("application/json", "application/merge-patch+json")
_STATUS = "|".join([*Status, UPCOMING_GROUP])
_QUERIES: dict[str, Json] = {
    "status": {"type": "string", "pattern": f"^({_STATUS})(,({_STATUS}))*$"},
    "from": ASKED_INSTANT,
    "to": ASKED_INSTANT,
    "order": {"type": "string", "enum": ["asc", "desc"], "default": "asc"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
    "cursor": {"type": "string"},
    "name": {"type": "string", "maxLength": 200},
    "host": {"type": "string"},
    "interval": {"type": "string", "enum": ["hour", "day"], "default": "day"},
    "timezone": ZONE,
}


def document(sign_in: SignIn = TO_FILL) -> Json:
    """The whole document, as JSON values. Raises KeyError for a route that nobody described, or that is none.

    `sign_in` is what the function fills in when it shows the document.
    """
    scopes = {
        (method, template_of(pattern)): scope
        for pattern, methods in ROUTES.items()
        for method, (scope, _) in methods.items()
    }
    if untold := scopes.keys() ^ OPERATIONS.keys():
        raise KeyError(f"description/operations.py and the routes differ in {sorted(untold)}")
    paths: dict[str, Json] = {}
    for (method, path), operation in OPERATIONS.items():
        told = _operation(method, path, operation, scopes[method, path])
        paths.setdefault(path, {})[method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": ".", "description": "Where this document is."}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.group for operation in OPERATIONS.values())],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token (JWT), or an API key. See [signing in](docs#signing-in).",
                },
                "sign_in": {
                    "type": "openIdConnect",
                    "openIdConnectUrl": sign_in.configuration_url,
                    "x-client-id": sign_in.client_id,
                    "description": "Where people get the access token: by an authorization code with PKCE (S256), as "
                    "the client `x-client-id`. `punctual login` goes by this.",
                },
            },
        },
    }


def template_of(pattern: str) -> str:
    """The path of a route's pattern, as OpenAPI and docs/api.md write it: `/v1/jobs/{id}`."""
    return re.sub(r"[(][?]P<(?:\w+_)?([a-z]+)>[^)]*[)]", r"{\1}", pattern)


def _info() -> Json:
    return {
        "title": "Punctual",
        "version": VERSION,
        "summary": "Makes an HTTP request at the moment you name.",
        "description": "All of it, in words and with examples: [the API](docs). "
        "What is described may grow: pass over members that you do not know.",
        "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    }


def _operation(method: str, path: str, operation: Operation, scope: str | None) -> Json:
    does, answers_with = _told_of(method, path)
    guarded = path.startswith(GUARDED)
    told: Json = {
        "operationId": operation.id,
        "tags": [operation.group],
        "summary": re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", does),
        "description": linked(f"{_as_sentence(does)}. Answers: {answers_with}."),
        "parameters": _parameters(path, operation),
        "responses": {
            **_successes(method, path, operation),
            **responses_of_refusals(operation, path=path, guarded=guarded, scoped=scope is not None),
        },
        "security": [{"bearer": [scope] if scope else []}] if guarded else [],
    }
    if operation.takes is not None:
        kinds = _ANY_MERGE_PATCH if method == "PATCH" else _ANY_MERGE_PATCH[:1]
        content = {"schema": {"$ref": _REF.format(model=operation.takes)}, "example": operation.taken}
        told["requestBody"] = {"required": True, "content": dict.fromkeys(kinds, content)}
    return told


def _as_sentence(words: str) -> str:
    """With a capital letter, also where a link begins."""
    return re.sub("[a-z]", lambda first: first[0].upper(), words, count=1)


def _told_of(method: str, path: str) -> tuple[str, str]:
    """What the table of routes says that a route does, and answers."""
    return next((does, told) for route, does, told in rows("Routes") if route == f"`{method} {path}`")


def _parameters(path: str, operation: Operation) -> list[Json]:
    parameters = [_PARAMETERS[name] for name in re.findall(r"{(\w+)}", path)]
    if operation.query is not None:
        told = meanings(operation.query)
        parameters += [
            {"in": "query", "name": name, "schema": _or_empty(_QUERIES[name]), "description": meaning}
            for name, meaning in told.items()
        ]
    if operation.once:
        text = "The same request with the same key is done once; see [repeating a request](docs#repeating-a-request)."
        parameters.append(_header("Idempotency-Key", text, pattern=f"^{IDEMPOTENCY_KEY.pattern}$"))
    if operation.conditional:
        parameters.append(_header("If-Match", "Versions that the change is meant for, such as `3`; `*` is any."))
    return parameters


def _or_empty(schema: Json) -> Json:
    """A parameter without a value is as good as none."""
    return schema if schema == {"type": "string"} else {"anyOf": [schema, {"const": ""}]}


def _header(name: str, description: str, **more: Any) -> Json:
    return {"in": "header", "name": name, "schema": {"type": "string", **more}, "description": description}


def _successes(method: str, path: str, operation: Operation) -> Json:
    told: Json = {}
    first = next(iter(operation.answers.values()))
    for status, shape in operation.answers.items():
        told[str(status)] = {"description": _MEANING[status], "headers": _headers(method, path, operation, status)}
        if operation.leads_to:
            told[str(status)]["links"] = {name: _link(name) for name in operation.leads_to}
        if shape is not None:
            content = shape if isinstance(shape, dict) else {"$ref": _REF.format(model=shape.__name__)}
            example = {"example": operation.answered} if operation.answered is not None and shape is first else {}
            told[str(status)]["content"] = {operation.kind: {"schema": content, **example}}
    if method == "GET":
        told["304"] = {"description": _MEANING[304], "headers": {"ETag": _TAG}}
    return told


def _link(operation_id: str) -> Json:
    return {"operationId": operation_id, "parameters": {"id": "$response.body#/id"}}


_MEANING = {
    200: "It is so.",
    201: "It was made.",
    202: "It fires now.",
    204: "It is gone.",
    207: "Each job has its own verdict.",
    304: "Nothing has changed since the answer whose `ETag` is in `If-None-Match`.",
}
_TEXT: Json = {"schema": {"type": "string"}, "required": True}
_TAG: Json = {**_TEXT, "description": "The version of a job; else a mark of the content."}
_LOCATION: Json = {**_TEXT, "description": "The address of the job."}
_REPLAYED: Json = {
    "schema": {"const": "true"},
    "required": False,
    "description": "The request was done before; this is what it made.",
}


def _headers(method: str, path: str, operation: Operation, status: int) -> Json:
    headers: Json = {"X-Request-Id": _TEXT}
    shows_a_job = answers.Job in operation.answers.values()
    if method == "GET" or shows_a_job:
        headers["ETag"] = _TAG
    if operation.once and shows_a_job:
        headers["Location"] = _LOCATION
    if operation.once and status in (200, 207):
        headers["Idempotency-Replayed"] = _REPLAYED
    if schedules(method, path):
        headers |= {"RateLimit": _TEXT, "RateLimit-Policy": _TEXT}
    return headers


def _schemas() -> dict[str, Json]:
    """All shapes by name: documents first, then answers."""
    shapes = {
        shape.__name__: shape
        for operation in OPERATIONS.values()
        for shape in operation.answers.values()
        if isinstance(shape, type)
    }
    asked = _made(list(MODELS.values()), "validation")
    for old, new in RENAMED.items():
        asked[new] = asked.pop(old)
    asked = more_exactly(asked)
    told = _made([*shapes.values(), answers.Problem, answers.GatewayRefusal], "serialization")
    if twice := asked.keys() & told.keys():
        raise KeyError(f"two shapes are called {sorted(twice)}")
    for schema in (*asked.values(), *told.values()):
        _tidy(schema)
    renamed: dict[str, Json] = _with_new_names({**asked, **told})
    return renamed


def _made(models: list[Any], mode: JsonSchemaMode) -> dict[str, Json]:
    _, made = TypeAdapter.json_schemas(
        [(str(number), mode, TypeAdapter(model)) for number, model in enumerate(models)], ref_template=_REF
    )
    return dict(made["$defs"])


def _tidy(schema: Any) -> None:
    """Without the titles that pydantic makes of names: they say nothing new."""
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        for member in schema.values():
            _tidy(member)
    elif isinstance(schema, list):
        for member in schema:
            _tidy(member)


def _with_new_names(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_new_names(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_new_names(member) for member in value]
    if isinstance(value, str):
        for old, new in RENAMED.items():
            value = new.join(re.split(rf"(?<=/schemas/){old}$", value))
    return value
