"""AWS's public prices in US dollars, region us-east-1, as published on 21 November 2026; free tiers and taxes left out.

Sources: the pricing pages of API Gateway, Lambda, DynamoDB, SQS, KMS, CloudWatch and EventBridge. When a price here
changes, `make bench` changes the page.
"""

from __future__ import annotations

HTTP_API_REQUEST = 1.00e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 0.0000133334
"""arm64."""
DYNAMODB_WRITE_UNIT = 0.625e-6
"""On demand; transactions are not used. Reads of the stream by Lambda cost nothing, nor do deletes by TTL."""
DYNAMODB_READ_UNIT = 0.125e-6
DYNAMODB_GB_MONTH = 0.25
DYNAMODB_RECOVERY_GB_MONTH = 0.20
"""Point-in-time recovery."""
SQS_REQUEST = 0.40e-6
"""Of up to 64 KB. A batch of ten small messages is one."""
LOG_GB = 0.50
"""CloudWatch Logs, ingested."""
METRIC_MONTH = 0.30
ALARM_METRIC_MONTH = 0.10
"""For each metric that an alarm reads."""
DASHBOARD_MONTH = 3.00
KEY_MONTH = 1.00
"""Of KMS, in its first year; each of the first two yearly rotations adds as much."""
