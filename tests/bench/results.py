"""Results to draw and to write down, as a measurement might have left them."""

from __future__ import annotations

from bench.costs import Line, Measured
from bench.figures import Figure, Part
from bench.template import Deployed

DEPLOYED = Deployed(
    memory_gb={"authorize": 1.0, "api": 1.0, "hand_off": 0.5, "sweep": 0.5, "fire": 0.5, "bury": 0.25, "count": 1.0},
    workers=100,
    lead_seconds=2,
    sweep_minutes=4,
    retention_days=30,
    alarm_metrics=21,
    dashboards=1,
    own_metrics=11,
    keys=1,
    queues_polled=2,
    remembered_seconds=60,
    access_log_format='{"request_id":"$context.requestId"}',
)

MEASURED = Measured(
    units_a_job=8,
    stored_bytes=1_000,
    api_cpu_ms=2,
    api_log_bytes=400,
    hand_off_cpu_ms=Line(1, 0.1),
    hand_off_log_bytes=Line(300, 0),
    fire_cpu_ms=Line(2, 4),
    fire_log_bytes=Line(300, 300),
    fire_import_cpu_ms=400,
    fire_clients_cpu_ms=50,
)

LATENESS = Part(
    (
        Figure("lateness-1-plain", "1 job, plain: p50 / p99", "ms", (0.3, 0.7), (0.5, 2), (0.2, 0.5)),
        Figure("lateness-1000-tls", "1,000 jobs, TLS: p50 / p99", "ms", (16.2, 33.4), (15, 35), (9.8, 19)),
    )
)
