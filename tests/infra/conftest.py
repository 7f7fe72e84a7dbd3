"""The CDK's engine runs on Node: the one that make fetched counts where the machine's own is missing or too old."""

from __future__ import annotations

import os

from local import paths

os.environ["PATH"] = paths.tools_environment()["PATH"]
