"""Look at the dead letters, each with its job as it is now, and put back those that something can still come of.

`bury` judges every letter within seconds, so letters that lie here mean that it cannot do its work; most go by
themselves once that is mended. --send puts back on the jobs queue the letters of jobs that are still to be fired
(the overdue query would send them too, minutes later), outcomes that were never written down, and messages that this
version cannot read (after rolling forward, the new one may). All others stay: bury tells of them, or drops them.
Looking hides the letters from bury for as long as this command runs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lambdas.adapters.messages import letter_from_body, message_body
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import Job, Status
from lambdas.jobs.notice import one_line
from lambdas.jobs.ports import DeadLetter, Message
from ops import place
from ops.redrive import DEFAULT_RATE, Pace, rate

EXAMPLES = """\
  python -m ops.letters --stack Punctual-prod                   # what lies there
  python -m ops.letters --stack Punctual-prod --send --rate 20"""

HIDDEN_SECONDS = 120
"""For how long a letter is hidden that was looked at; as long as its turn to be put back may take to come."""


@dataclass(frozen=True)
class Found:
    """A letter as it lies in the queue. `letter` is None if it cannot be read."""

    message_id: str
    receipt: str
    body: str
    sent_at_ms: int
    letter: DeadLetter | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each letter: age, job, owner, state of the job now, reason, what should become of it."""
    options = place.parser("ops.letters", __doc__, EXAMPLES)
    options.add_argument("--limit", type=int, default=1_000, help="look at so many at most (default: %(default)s)")
    options.add_argument("--rate", type=rate, default=DEFAULT_RATE, help="so many a second (default: %(default)g)")
    options.add_argument("--send", action="store_true", help="put back; without it nothing is changed")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    pace, counts, seen = Pace(given.rate), Counter[str](), list[Found]()
    try:
        for found in received(at, given.limit):
            seen.append(found)
            job, state = _job_of(at, found)
            body = worth_putting_back(found, job, at.now_ms())
            said = "bury's" if body is None else "would be put back"
            if body is not None and given.send:
                pace.wait()
                said = _put_back(at, found, body, job)
                seen.remove(found)
            print(_line(at, found, job, state, said), flush=True)
            counts[said] += 1
    finally:
        _show_again(at, seen)
    for said, count in counts.items():
        print(f"{count:8}  {said}", file=sys.stderr)
    print(f"{counts.total()} letters.", file=sys.stderr)
    return 0


def received(at: place.Place, limit: int) -> Iterator[Found]:
    """The letters that can be seen now, each once. They are hidden from others for a while."""
    known: set[str] = set()
    while len(known) < limit:
        reply = at.sqs.receive_message(
            QueueUrl=at.dead_letters_url,
            MaxNumberOfMessages=min(10, limit - len(known)),
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,  # asks all of SQS's servers, not a sample of them
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        messages = [message for message in reply.get("Messages", []) if message["MessageId"] not in known]
        if not messages:
            return
        for message in messages:
            known.add(message["MessageId"])
            try:
                letter = letter_from_body(message["Body"])
            except DamagedItem:
                letter = None
            yield Found(
                message["MessageId"],
                message["ReceiptHandle"],
                message["Body"],
                int(message["Attributes"]["SentTimestamp"]),
                letter,
            )


def worth_putting_back(found: Found, job: Job | None, now_ms: int) -> str | None:
    """The message that takes the letter's place on the jobs queue, or None if the letter is for bury alone."""
    if found.letter is None:
        return found.body
    message = found.letter.message
    if message.outcome is not None:
        running = job is not None and job.status is Status.RUNNING and job.attempt_count == message.attempt
        return found.body if running else None
    if job is None or job.due != message.due or job.deaths_used_up(now_ms):
        return None
    if found.letter.reason is not None:  # ours: this attempt was the last
        return None
    to_fire = job.status is Status.SCHEDULED or job.lease_lapsed(now_ms)
    return message_body(Message(message.due)) if to_fire else None


def _job_of(at: place.Place, found: Found) -> tuple[Job | None, str]:
    """The letter's job, and its state in a word."""
    if found.letter is None:
        return None, "unreadable letter"
    try:
        job = at.store.find(found.letter.message.due.job_id)
    except DamagedItem as error:
        return None, f"cannot be read: {error.why}"
    if job is None:
        return None, "gone"
    told = "" if job.alerted_at_ms is None else ", told"
    return job, f"{job.status}{told}"


def _put_back(at: place.Place, found: Found, body: str, job: Job | None) -> str:
    """On the jobs queue first, and only then off this one: a letter may come twice, and is never lost."""
    delay_seconds = 0 if job is None else Horizon().delay_seconds(job.fire_at_ms, at.now_ms())
    at.sqs.send_message(QueueUrl=at.jobs_url, MessageBody=body, DelaySeconds=delay_seconds)
    at.sqs.delete_message(QueueUrl=at.dead_letters_url, ReceiptHandle=found.receipt)
    return "put back"


def _show_again(at: place.Place, seen: Sequence[Found]) -> None:
    """Let bury have what is left."""
    for start in range(0, len(seen), 10):
        entries = [
            {"Id": str(number), "ReceiptHandle": found.receipt, "VisibilityTimeout": 0}
            for number, found in enumerate(seen[start : start + 10])
        ]
        at.sqs.change_message_visibility_batch(QueueUrl=at.dead_letters_url, Entries=entries)  # type: ignore[arg-type]


def _line(at: place.Place, found: Found, job: Job | None, state: str, said: str) -> str:
    age = f"{(at.now_ms() - found.sent_at_ms) // 1000} s"
    letter = found.letter
    job_id = letter.message.due.job_id if letter else found.message_id
    if letter is None:
        reason = f"“{found.body}”"
    elif letter.message.outcome is not None:
        reason = "outcome not written"
    else:
        reason = letter.reason or "given up by the queue"
    texts = (job_id, job.owner if job else "-", state, reason, said)
    return "  ".join([f"{age:>8}", *(one_line(text, 60) for text in texts)])


if __name__ == "__main__":
    sys.exit(main())
