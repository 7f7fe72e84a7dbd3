"""Operators' commands: what failed, what is due, what lies among the dead letters, and how to set it going again.

    python -m ops.failed       jobs that failed, of any owner, by time, host, owner and reason
    python -m ops.redrive      send those again: each as a new job like it
    python -m ops.due          what is due in a range of time
    python -m ops.letters      what lies on the dead-letter queue, and put back what is not finished
    python -m ops.mend         give a mended job its place in the due index again
    python -m ops.recount      set the counters right from the jobs that are there
    python -m ops.bring_back   copy what the table lacks from a restored copy of it

Each tells its options and examples with `--help`, works on a stack of AWS (`--stack`) or on the one of `make run`, and
changes nothing without `--send` or `--write`. What rights they need is in docs/operating.md.
"""
