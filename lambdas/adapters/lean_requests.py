"""requests, without the library that guesses character sets.

requests imports charset_normalizer for `Response.text` of an answer that does not name its character set. Bodies are
kept here as the bytes they came in, and the guess is half of what importing requests costs at a cold start. Where
neither detector is installed requests works too, and warns; this is the same, on purpose and without the warning.
"""

from __future__ import annotations

import sys
import warnings

_DETECTORS = ("chardet", "charset_normalizer")


def _import_without_detectors() -> None:
    """Import requests as if no detector were installed. Leaves the modules that are loaded already as they are."""
    hidden = [name for name in _DETECTORS if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say "not there"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import requests  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]


_import_without_detectors()

from requests import PreparedRequest, Request, RequestException, Response  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402

__all__ = ["HTTPAdapter", "PreparedRequest", "Request", "RequestException", "Response"]
