"""`python -m tests.samples NAME` keeps what this code writes as tests/samples/NAME.json. Do so at each release."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from moto import mock_aws

from tests.contracts.aws_places import client, make_table
from tests.contracts.conftest import Table
from tests.samples.written import HERE, everything


def in_lines(sample: dict[str, Any]) -> str:
    """As JSON, a line for each item and each part of what was read of it."""
    parts = []
    for name, values in sample.items():
        inner = values if isinstance(values, list) else values.items()
        lines = [json.dumps(one if isinstance(values, list) else {one[0]: one[1]}, ensure_ascii=False) for one in inner]
        begin, end = "[]" if isinstance(values, list) else "{}"
        lines = lines if isinstance(values, list) else [line[1:-1] for line in lines]
        parts.append(f"{json.dumps(name)}: {begin}\n" + ",\n".join(lines) + f"\n{end}")
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    (name,) = sys.argv[1:]
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    with mock_aws():
        dynamodb = client("dynamodb")
        sample = everything(Table(dynamodb, make_table(dynamodb)))
    (HERE / f"{name}.json").write_text(in_lines(sample))
