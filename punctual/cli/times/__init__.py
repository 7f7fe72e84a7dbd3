"""Times as people write them: what a phrase means in a time zone, and how a moment is told in full.

What is accepted is understood to the last word, and means one moment; everything else is refused with what would be
right (docs/decisions/phrases-of-time.md).
"""

from punctual.cli.times.errors import Past, TimeNotUnderstood, TimeRefused, TwoMoments
from punctual.cli.times.moments import Moment, after, duration, moment, told_apart
from punctual.cli.times.spans import Span, bound, deadline, span
from punctual.cli.times.telling import relative, told
from punctual.cli.times.zones import zone_named

__all__ = [
    "Moment",
    "Past",
    "Span",
    "TimeNotUnderstood",
    "TimeRefused",
    "TwoMoments",
    "after",
    "bound",
    "deadline",
    "duration",
    "moment",
    "relative",
    "span",
    "told",
    "told_apart",
    "zone_named",
]
