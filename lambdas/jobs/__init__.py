"""The core: what a job is and what happens to it. No AWS in here, and nothing here reads the time.

The journey of a job, module by module:

1. `accept` judges what a user sent, with `due_time` (when?) and `destination` (where to?), and stores a `job`.
2. `hand_off` puts a near job on the queue; `sweep` does so for what was stored long before it is due.
3. `fire` claims the job, opens the connection, waits for the exact instant, sends.
4. `outcome` judges what came of it, `retry` decides whether and when to try again, `settle` writes it down.
5. `bury` sees what was given up on to its end: failed, and somebody told.

`ports` says what the core needs of the world outside; `errors` is the tree of what can go wrong.
"""
