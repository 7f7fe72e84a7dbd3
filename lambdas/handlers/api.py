"""HTTPS requests → answers."""

from __future__ import annotations

from typing import Any

from lambdas import wiring
from lambdas.handlers.front import respond
from lambdas.handlers.limiting import Gate
from lambdas.handlers.routes import ROUTES


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request."""
    desk, journal = wiring.api_parts()
    answer = respond(event, desk, ROUTES, Gate(desk.limiter, desk.clock))
    journal.flush()
    return answer
