"""What the service takes: time, CPU, bytes and dollars, measured and put beside what it may take.

`make bench` measures the parts in `__main__.PARTS` one after the other, keeps what it found in
`.local/bench/results.json` and writes the tables and pictures of `docs/performance.md` from it. Each part is a
module with a `measure(quick)` that returns a `figures.Part`:

    lateness_part   the sender in this process, beside a bare loop (measured by `lateness`)
    local_stack     the whole journey through the emulator, on a stack of its own
    write_units     what each write of a job is billed
    lists           what a page of a list reads, with a hundred thousand jobs
    packages        what a cold start imports, and how large the packages are
    cpu             what the functions' own code takes for a job

`costs` works out what a million jobs cost from them, with the prices in `prices` and the template's settings.
"""
