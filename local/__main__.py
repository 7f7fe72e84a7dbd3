"""`python3 -m local`: what `make run` does, for a machine without make."""

from __future__ import annotations

import os
import sys

from local import paths, setup

status = setup.main("local")
if status == 0:
    python = str(paths.python_of(paths.PROJECT_VENV))
    os.execv(python, [python, "-m", "local.run", *sys.argv[1:]])
sys.exit(status)
