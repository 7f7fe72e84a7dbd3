"""The journal: a JSON line in the log for each event, and metrics embedded in the log for those that count.

Embedded metrics cost no call and no wait: CloudWatch reads them from the log (Powertools writes them). `METRICS` is
the whole list; the alarms in `infra/watch.py` go by these names.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import Metrics, MetricUnit

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger

METRICS: Mapping[str, tuple[str, MetricUnit]] = {
    "accepted": ("JobsAccepted", MetricUnit.Count),
    "handed_off": ("JobsHandedOff", MetricUnit.Count),
    "overdue": ("JobsOverdue", MetricUnit.Count),
    "refused": ("RecordsRefused", MetricUnit.Count),
    "fired": ("JobsFired", MetricUnit.Count),
    "succeeded": ("JobsSucceeded", MetricUnit.Count),
    "retried": ("JobsRetried", MetricUnit.Count),
    "failed": ("JobsFailed", MetricUnit.Count),
    "lateness_ms": ("LatenessMs", MetricUnit.Milliseconds),
    "buried": ("JobsBuried", MetricUnit.Count),
    "job_damaged": ("JobsDamaged", MetricUnit.Count),
}

_COUNTED_FACTS = {"swept": ("handed_off", "overdue"), "handed_off": ("handed_off", "refused")}
"""Events whose facts are counts of their own."""

_COUNTED_OUTCOMES = {"succeeded": "succeeded", "retry": "retried", "failed": "failed"}

_TROUBLE = frozenset({"defect", "job_damaged", "secret_damaged", "settings_damaged", "shard_not_swept", "set_aside"})


class PowertoolsJournal:
    """Tells the log and the metrics of one function. Safe to use from several threads.

    The name of the function (dimension `service`), the namespace and the log level come from Powertools' own
    environment variables.
    """

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics
        self._lock = threading.Lock()

    def tell(self, event: str, **facts: str | int | float | None) -> None:
        known = {name: value for name, value in facts.items() if value is not None}
        with self._lock:
            if event in _TROUBLE:
                self._logger.error(event, extra=known)
            else:
                self._logger.info(event, extra=known)
            for name, value in _counts(event, known):
                metric, unit = METRICS[name]
                self._metrics.add_metric(name=metric, unit=unit, value=value)

    def flush(self) -> None:
        """Print the metrics that have gathered. Called once at the end of an invocation."""
        with self._lock:
            if self._metrics.metric_set:
                self._metrics.flush_metrics()


def _counts(event: str, facts: Mapping[str, str | int | float]) -> list[tuple[str, float]]:
    """What an event adds to the metrics."""
    counts: list[tuple[str, float]] = []
    for fact in _COUNTED_FACTS.get(event, ()):
        value = facts.get(fact)
        if isinstance(value, int | float) and value:
            counts.append((fact, value))
    if event in ("accepted", "buried", "job_damaged"):
        counts.append((event, 1))
    if event == "attempt":
        outcome = _COUNTED_OUTCOMES.get(str(facts.get("outcome")))
        counts += [("fired", 1), *([(outcome, 1.0)] if outcome else [])]
        lateness_ms = facts.get("lateness_ms")
        if isinstance(lateness_ms, int | float):
            counts.append(("lateness_ms", lateness_ms))
    return counts
