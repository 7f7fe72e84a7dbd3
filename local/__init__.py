"""The whole service on one machine: tools, emulator, deploy, a target to try it on.

`setup` runs on whatever Python the machine has; all other modules run in `.venv`, and `launcher`
in the emulator's own virtual environment. Read `run.py` first: it is the journey from nothing to ready.
"""
