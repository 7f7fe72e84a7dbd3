"""What the core needs of the world outside. Each port has one contract suite in `tests/contracts/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lambdas.jobs.counting import Day, DayCount, Step
    from lambdas.jobs.due_job import DueJob
    from lambdas.jobs.errors import DamagedJob, DamagedSecret, DamagedSettings, JobExists
    from lambdas.jobs.grouping import Crowd, Group, GroupKey, Named
    from lambdas.jobs.job import Attempt, Job
    from lambdas.jobs.keys import ApiKey
    from lambdas.jobs.limits import Counter, Standing, Taken
    from lambdas.jobs.listing import JobPage, ListQuery
    from lambdas.jobs.outcome import Outcome
    from lambdas.jobs.owner import OwnerSettings
    from lambdas.jobs.receipt import Receipt, RequestKey
    from lambdas.jobs.sending import Answer, Failure, OutgoingRequest
    from lambdas.jobs.signing import SigningSecret
    from lambdas.jobs.target import Sign, Target


class Clock(Protocol):
    """The only source of time. Epoch milliseconds, UTC."""

    def now_ms(self) -> int:
        """The wall clock, cut to whole milliseconds."""
        ...


class Claim(NamedTuple):
    """The answer to a claim.

    `won` is the job with the claim on it, or None when the condition failed; `found` is then the job as it stands,
    or None when there is none.
    """

    won: Job | None
    found: Job | None


class JobStore(Protocol):
    """The table. Every method may raise StoreUnavailable; what returns a job may raise DamagedItem.

    Every write is one conditional write of the job; after it, an unfinished job is in the due index at its fire
    time. A job's headers and body may be stored apart; the store decides, and names the place in the job.
    """

    def add(self, job: Job) -> Job:
        """Store a new job and return it as stored. Raises JobExists if its id is taken."""
        ...

    def add_once(self, job: Job, receipt: Receipt) -> Job:
        """Store a new job and the receipt of its key together, and return the job as stored.

        Raises ReceiptFound if the key has a receipt that has not lapsed at this one's time; then nothing is written.
        """
        ...

    def add_all(self, jobs: Sequence[Job]) -> Sequence[Job | JobExists | None]:
        """Store new jobs in as few calls as can be, and return each as stored; None where the table was away.

        A job whose id is taken stays as it is: JobExists tells it, and is not raised. Ids are new, so it is this very
        job, which somebody else stored a moment ago. Raises StoreUnavailable if none could be stored.
        """
        ...

    def keep(self, receipt: Receipt) -> None:
        """Store a receipt alone. Raises ReceiptFound as `add_once` does."""
        ...

    def receipt(self, key: RequestKey, *, now_ms: int) -> Receipt | None:
        """The receipt that the owner's key has, whatever it was used for; None when there is none or it has lapsed."""
        ...

    def read_all(self, job_ids: Sequence[str], *, owner: str, now_ms: int) -> Mapping[str, Job | DamagedJob]:
        """Those of the jobs that are there and the owner's, as lists have them; of a damaged one what is wrong."""
        ...

    def read(self, job_id: str, *, owner: str, now_ms: int) -> Job:
        """The owner's job, whole: request and attempts in full. Raises JobNotFound; DamagedJob for its owner only."""
        ...

    def find(self, job_id: str) -> Job | None:
        """A job whoever owns it, for the service's own use; its request as the job item has it."""
        ...

    def with_request(self, job: Job) -> Job:
        """The job with headers and body, read consistently if they are stored apart."""
        ...

    def list(self, query: ListQuery, *, now_ms: int) -> JobPage:
        """A page of the owner's jobs by due time, without what has expired; damaged ones apart."""
        ...

    def cursor_key(self) -> bytes:
        """The key that signs the cursors of lists: 32 random bytes, made when first asked for, the same for all."""
        ...

    def replace(self, job: Job, *, read_version: int) -> Job:
        """Write an edited or cancelled job if it is still the owner's, `scheduled` and at `read_version`.

        Returns it as stored; raises EditLost with the job as it is.
        """
        ...

    def claim(self, job_id: str, *, fire_at_ms: int, claim_id: str, now_ms: int) -> Claim:
        """Win a scheduled job at this fire time (arrow a), in one round trip and without a read."""
        ...

    def take_over(self, job: Job, *, claim_id: str, now_ms: int) -> Claim:
        """Win a job whose lease ran out (arrow e), if the attempt that was found is still the one that runs."""
        ...

    def settle(self, job: Job, *, attempt: Attempt) -> None:
        """Write a settled job (arrows b, c, d) if `attempt` is still the one that runs; raises SettleLost.

        An attempt that did not succeed is kept in full beside the job.
        """
        ...

    def put_off(self, job: Job, *, claim_id: str) -> None:
        """Write a job that was put off (arrow h) if this claim still holds its attempt; raises SettleLost.

        Conditional on the claim too, because the attempt's number is given back and will be another claim's.
        """
        ...

    def mark_alerted(self, job: Job, *, now_ms: int) -> None:
        """Note that somebody was told of the job's end. Does nothing if that is noted already."""
        ...

    def set_aside(self, job_id: str) -> None:
        """Take a job that cannot be understood out of the due index, so that no sweep stumbles over it again."""
        ...

    def due(self, shard: int, *, after_ms: int, until_ms: int) -> Iterator[Sequence[DueJob]]:
        """Unfinished jobs of a shard with `after_ms` < fire time ≤ `until_ms`, ascending, page by page."""
        ...

    def swept_until(self, shard: int) -> int:
        """Up to which fire time the shard has been handed off (epoch ms); 0 when it never was."""
        ...

    def advance_mark(self, shard: int, *, swept_until_ms: int) -> None:
        """Move a shard's mark forward. A mark that is further already stays."""
        ...


class Targets(Protocol):
    """What is known of targets in trouble, each an owner's; there is no record of one that is well.

    Every method may raise StoreUnavailable; what returns a target may raise DamagedItem.
    """

    def find(self, owner: str, host: str) -> Target | None:
        """The record, perhaps as it was a moment ago."""
        ...

    def count(self, owner: str, host: str, *, sign: Sign, now_ms: int) -> Target:
        """Add one failure or refusal in a row, which ends a row of the other; returns the record as it is then.

        One write without a condition. A record that is not there begins with it.
        """
        ...

    def replace(self, target: Target, *, read_version: int, now_ms: int) -> Target | None:
        """Write a changed record if the one there has `read_version` (0: if there is none).

        Returns the record as it stands: `target` if it was written, another if somebody was faster, None if it is
        gone.
        """
        ...

    def forget(self, target: Target) -> None:
        """Remove the record of a target that is well again. Does nothing if it has changed meanwhile."""
        ...

    def lift(self, owner: str, host: str) -> bool:
        """Remove the owner's record whatever it says; returns whether there was one."""
        ...

    def list(self, owner: str) -> Sequence[Target]:
        """The owner's records by their hosts, the first thousand."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the jobs queue: fire this job, planned for this time.

    With `attempt` and `outcome` it is instead an outcome that could not be written when it was known.
    `receive_count` is how often the queue has delivered it, from 1.
    """

    due: DueJob
    attempt: int | None = None
    outcome: Outcome | None = None
    receive_count: int = 1


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A letter of the dead-letter queue.

    Ours name the `attempt` that was given up and the `reason`; a letter that the queue moved there by itself is the
    message as it was.
    """

    message: Message
    reason: str | None = None


class JobQueue(Protocol):
    """The jobs queue and its dead letters. Every method may raise QueueUnavailable."""

    def send(self, messages: Sequence[tuple[Message, int]]) -> Sequence[Message]:
        """Put messages on the jobs queue, each with its delay in seconds (0–900); returns those refused."""
        ...

    def send_dead_letter(self, letter: DeadLetter) -> None:
        """Put a letter on the dead-letter queue."""
        ...

    def backlog(self) -> int:
        """About how many messages are visible on the jobs queue: waiting for a worker, not for their time."""
        ...


class Opened(Protocol):
    """A connection that is ready, or will say at the instant why it is not."""

    def send_at(self, fire_at_ms: int, *, latest_ms: int) -> Answer | Failure:
        """Send at the instant (at once if it is past), and read what comes. Nothing is sent after `latest_ms`."""
        ...

    def close(self) -> None:
        """Let go of the connection. May be called at any time, and twice."""
        ...


class Sender(Protocol):
    """Requests to targets, through the guard."""

    def open(self, request: OutgoingRequest, *, timeout_seconds: float) -> Opened:
        """Resolve, check, connect and shake hands, ahead of the instant. A target's trouble shows in `send_at`."""
        ...


class Names(Protocol):
    """Where names of hosts lead at the moment."""

    def check(self, url: str) -> None:
        """Look the host of a canonical URL up, and return if it may be called: it leads to public addresses only.

        Raises ValueRefused: `name_not_found`, also when the answer takes longer than a user waits for, or
        `address_denied`.
        """
        ...


class Alert(NamedTuple):
    """What a person is told. `subject` fits a mail's subject line; `text` needs no console to be understood.

    `owner` is whose jobs it is about, None when it is about the service itself and thus for the operators. `email` is
    the address of theirs that it goes to; without one the operators are told, who know the owner.
    """

    subject: str
    text: str
    owner: str | None = None
    email: str | None = None


class Alerts(Protocol):
    """Whoever wants to know. May raise AlertsUnavailable."""

    def send(self, alert: Alert) -> None:
        """Tell whom the alert is for. What is sent may arrive twice."""
        ...


class SigningSecrets(Protocol):
    """The owners' signing secrets, which are stored encrypted.

    Every method may raise StoreUnavailable, also when what encrypts them does not answer; those that return a secret
    raise DamagedSecret for one that cannot be understood.
    """

    def read(self, owner: str) -> SigningSecret | None:
        """The owner's secret as it is now, or None when they have none."""
        ...

    def glance(self, owner: str) -> SigningSecret | None:
        """The same at half the cost; what was written in the last second or so may be missing."""
        ...

    def write(self, owner: str, secret: SigningSecret) -> SigningSecret:
        """Store a secret if it follows the one that is stored: by its version, which is 1 if there is none.

        Returns what is stored then: this secret, or that of a rival who was faster.
        """
        ...

    def replace(self, owner: str, secret: SigningSecret, damaged: DamagedSecret) -> SigningSecret:
        """Store a secret in the place of one that cannot be understood, if that is still what is stored.

        Returns what is stored then, as `write` does.
        """
        ...

    def note_told(self, owner: str, damaged: DamagedSecret, *, now_ms: int) -> None:
        """Note that the operators were told of it, unless it was replaced meanwhile."""
        ...


class Usage(Protocol):
    """What owners have and use, and limits that are theirs alone.

    Every method may raise StoreUnavailable, and DamagedItem.
    """

    def standing(self, owner: str, *, now_ms: int) -> Standing:
        """The owner's own limits, none if they have none, and how many jobs they have that are not finished.

        Both perhaps as they were some seconds ago.
        """
        ...

    def due(self, owner: str, *, minute_ms: int, at_most: int) -> int:
        """How many unfinished jobs of the owner are due in the minute that begins then; counting ends at `at_most`.

        What was written in the last second or so may be missing.
        """
        ...

    def take(self, counter: Counter, *, least: int, most: int, limit: int) -> Taken:
        """Take units from a counter that gives `limit` in all: `most` if it has them, else all it has if that is
        `least` or more, else none."""
        ...

    def taken(self, counter: Counter) -> int:
        """How many units were taken of a counter."""
        ...

    def set_limits(self, owner: str, limits: Mapping[str, int]) -> None:
        """Give the owner these limits of their own, by their names, instead of those they had; none takes them away."""
        ...


class AlertGroups(Protocol):
    """What failures wait to be told together. Every method may raise StoreUnavailable.

    Reads see every write before them. All of it is forgotten some days after it was written.
    """

    def read(self, key: GroupKey) -> Group:
        """A group as it stands; an empty one when nothing is known of it. May raise DamagedItem."""
        ...

    def write(self, key: GroupKey, group: Group, *, now_ms: int) -> bool:
        """Write a group if what stands there is of the version before; False if it is not."""
        ...

    def wait(self, key: GroupKey, job: Named, *, window_ms: int, now_ms: int) -> None:
        """Note a job as waiting to be told with a window, which goes by its end (epoch ms)."""
        ...

    def is_waiting(self, key: GroupKey, job_id: str, *, window_ms: int) -> bool:
        """Whether a job was noted as waiting in a window."""
        ...

    def waiting(self, key: GroupKey, *, window_ms: int) -> Crowd | None:
        """All that were noted as waiting in a window; None if there are none."""
        ...


class OwnerStore(Protocol):
    """What owners have set. Every method may raise StoreUnavailable, what reads also DamagedSettings."""

    def read(self, owner: str) -> OwnerSettings:
        """What an owner has set, every write before included."""
        ...

    def glance(self, owner: str) -> OwnerSettings:
        """The same for half the price, and perhaps as it was a moment ago."""
        ...

    def write(self, owner: str, settings: OwnerSettings) -> bool:
        """Write the next version if what stands there is of the one before; False if it is not."""
        ...

    def replace(self, owner: str, settings: OwnerSettings, damaged: DamagedSettings) -> bool:
        """Write settings in the place of what cannot be understood; False if that is not what stands there any more."""
        ...


class Addresses(Protocol):
    """The mailboxes of owners, each for itself. Every method may raise AlertsUnavailable.

    Addresses are in canonical form.
    """

    def ask(self, owner: str, email: str) -> None:
        """Have a link sent to an address that is not confirmed, once more if it waits. May raise AddressRefused."""
        ...

    def is_confirmed(self, owner: str, email: str) -> bool:
        """Whether the link was followed, and nobody has unsubscribed since."""
        ...

    def forget(self, owner: str, email: str) -> None:
        """Send nothing there any more. One that is not known is fine."""
        ...


class Counters(Protocol):
    """How many jobs each owner has, by day of due time. Every method may raise StoreUnavailable."""

    def add(self, steps: Mapping[Day, Sequence[Step]], *, lane: str, now_ms: int) -> Sequence[Day]:
        """Count the steps of each day, in the order of their sequence: each once, however often it comes.

        A step counts if no later one of its lane was counted for that day. When this raises, some days may have been
        counted; the same steps may come again. Returns the days whose counters cannot be understood: they stay as
        they are.
        """
        ...

    def read(self, owner: str, *, first: int, last: int) -> Sequence[DayCount]:
        """The owner's counters of the days with these numbers and between, in order; days without jobs are missing.

        What was written in the last second or so may be missing too. May raise DamagedItem.
        """
        ...

    def unfinished(self, owner: str, *, first: int) -> int:
        """How many jobs of the owner are scheduled or running, of those that are due on this day or later.

        As `read` has it; only the first days are looked at, if there are more than thousands.
        """
        ...

    def find(self, day: Day) -> DayCount:
        """A day's counters as they are now; at version 0 when there are none. May raise DamagedItem."""
        ...

    def replace(self, count: DayCount) -> bool:
        """Write a day's counters whole if those that stand there are of the version before; False if they are not."""
        ...


class KeyStore(Protocol):
    """API keys, without their secrets. Every method may raise StoreUnavailable."""

    def add(self, key: ApiKey) -> None:
        """Store a new key, if its owner has fewer than they may, however many are stored at the same time.

        Raises KeyExists if there is another of its id, else KeysFull; the same one again is fine.
        """
        ...

    def find(self, key_id: str) -> ApiKey | None:
        """A key whoever owns it, read consistently: one that was revoked is not found. May raise DamagedItem."""
        ...

    def of_owner(self, owner: str) -> Sequence[ApiKey]:
        """An owner's keys, the oldest first; without any that cannot be understood, which opens nothing either."""
        ...

    def revoke(self, key_id: str, *, owner: str) -> bool:
        """Delete an owner's key; False if they have none of this id."""
        ...

    def note_use(self, key: ApiKey, *, now_ms: int) -> None:
        """Write down that a key was used. One that was revoked meanwhile stays so."""
        ...


class Tokens(Protocol):
    """Access tokens of the issuer."""

    def claims(self, token: str) -> Mapping[str, Any]:
        """What a token claims whose signature is the issuer's. Raises Unauthenticated for any other, and
        IssuerUnavailable when nobody can tell."""
        ...


class Journal(Protocol):
    """What operators see while it happens: one log line and, for some events, a metric."""

    def tell(self, event: str, **facts: str | int | float | None) -> None:
        """Note an event. Facts hold no secret: ids, hosts, codes and figures only."""
        ...
