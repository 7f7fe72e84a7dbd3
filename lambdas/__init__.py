"""What runs in AWS Lambda: handlers, the core, and its adapters, put together by `wiring`."""
