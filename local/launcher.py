"""Start MiniStack, the emulator of AWS, tuned for a service that is on time to the millisecond.

Runs inside the emulator's own virtual environment, started by `emulator.py`, which owns the other end of stdin:
when that closes, whoever started this is gone (killed, even), and this process stops with all its workers.
On stdout goes one JSON line for every line that a function prints: `{"function", "line"}`. MiniStack's own log
goes to stderr. Names that begin with an underscore are MiniStack's; its version is pinned in requirements.in.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import threading
import time
import types
import urllib.parse
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

WAKE_SECONDS = 0.05
"""How often event sources are looked at; MiniStack's own pace would add up to 1.4 s to a message's delay."""
BATCH_WINDOW_SECONDS = 0.1
"""How long a message may wait for others to fill a batch. Jobs of one instant arrive over a second; handed to
workers one by one they would hold every worker until that instant."""
FULL_BATCH = 10
RULE_TICK_SECONDS = 1
WORKERS_OF_A_CALLED_FUNCTION = 4
"""Calls beyond this wait for a worker. AWS would start more; on two cores 30 at once took 10 s to start."""
MAILER = "no-reply@sns.amazonaws.com"
SHARD = "shardId-00000000000000000000-00000000"
"""The one shard that MiniStack's streams have, by its own name."""
STOP_SECONDS = 8
"""How long stopping may take before it is forced."""


def main() -> None:
    """Serve until a signal comes or stdin closes."""
    temporary = os.environ["TMPDIR"]
    left_behind = [temporary, *filter(None, os.environ.pop("PUNCTUAL_REMOVE_ON_EXIT", "").split(os.pathsep))]
    _serve_functions_on_time()
    _judge_batches_as_aws_does()
    _mail_as_aws_does()
    _unpack_code_once(os.path.join(temporary, "code"))
    _print_what_functions_print()
    threading.Thread(target=_stop_when_stdin_closes, args=(left_behind,), daemon=True).start()

    from ministack.app import main as serve

    sys.argv = ["ministack"]
    try:
        serve()
    finally:
        _stop_workers()
        _remove(left_behind)


def _serve_functions_on_time() -> None:
    from ministack.core import concurrency
    from ministack.services import eventbridge, lambda_svc, scheduler, sqs

    eventbridge._SCHEDULER_TICK_INTERVAL = RULE_TICK_SECONDS
    scheduler._SCHEDULE_TICK_INTERVAL = RULE_TICK_SECONDS
    sqs._receive_messages_for_esm = batching(sqs)
    lambda_svc._execute_function_warm = waiting_for_a_worker(lambda_svc)
    lambda_svc._execute_function = naming_the_shard(lambda_svc._execute_function)

    def wake() -> None:
        while True:
            time.sleep(WAKE_SECONDS)
            concurrency.esm_wake.set()

    threading.Thread(target=wake, daemon=True).start()


def batching(sqs: Any) -> Callable[[str, int], list[dict[str, Any]]]:
    """MiniStack's receive for event sources, with a short batching window."""
    receive = sqs._receive_messages_for_esm

    def receive_a_batch(queue_url: str, most: int) -> list[dict[str, Any]]:
        now = time.time()
        with sqs._queues_lock:
            visible = [m.get("visible_at", 0) for m in sqs._get_q(queue_url)["messages"]]
        visible = [at for at in visible if at <= now]
        if len(visible) < min(most, FULL_BATCH) and visible and min(visible) > now - BATCH_WINDOW_SECONDS:
            return []
        received: list[dict[str, Any]] = receive(queue_url, most)
        return received

    return receive_a_batch


def waiting_for_a_worker(lambda_svc: Any) -> Callable[..., dict[str, Any]]:
    """MiniStack's warm execution, with few workers for functions that no queue feeds (queues have their own limit)."""
    execute = lambda_svc._execute_function_warm
    slots: dict[str, threading.BoundedSemaphore] = {}
    slots_lock = threading.Lock()

    def execute_in_turn(func: dict[str, Any], *args: Any) -> dict[str, Any]:
        name = (func.get("config") or func).get("FunctionName", "")
        fed = {esm.get("FunctionName") for _, _, esm in lambda_svc._iter_all_esms()}
        if name in fed:
            result: dict[str, Any] = execute(func, *args)
            return result
        with slots_lock:
            slot = slots.setdefault(name, threading.BoundedSemaphore(WORKERS_OF_A_CALLED_FUNCTION))
        with slot:
            result = execute(func, *args)
            return result

    return execute_in_turn


def naming_the_shard(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """MiniStack's execution, with the shard in events of a table's stream. AWS names it where the event source has a
    tumbling window, a setting that MiniStack drops."""

    def execute_knowing_the_shard(func: dict[str, Any], event: Any) -> dict[str, Any]:
        records = event.get("Records") if isinstance(event, dict) else None
        if records and records[0].get("eventSource") == "aws:dynamodb":
            event = {**event, "shardId": SHARD}
        result: dict[str, Any] = execute(func, event)
        return result

    return execute_knowing_the_shard


def _judge_batches_as_aws_does() -> None:
    """SQS has no rights for batches: SendMessage covers SendMessageBatch. MiniStack would ask for a right of that
    name, which AWS does not know, so that what is granted rightly would be refused here."""
    from ministack.core import iam_actions

    action_of = iam_actions.extract_iam_action

    def action_without_batch(*request: Any) -> str | None:
        action: str | None = action_of(*request)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = action_without_batch


def _mail_as_aws_does() -> None:
    """MiniStack takes an address for confirmed as soon as it is subscribed, and mails nothing. AWS mails a link first,
    and the rest once that was followed. Mail of this machine is where that of SES is: `/_ministack/ses/messages`."""
    from ministack.services import ses, sns

    def mail(email: str, subject: str, text: str) -> None:
        ses._record_send(MAILER, [email], subject=subject, body_text=text, type_name="SNS")

    sns._subscribe = asking_first(sns, mail)
    sns._list_subscriptions_by_topic = telling_who_waits(sns)
    sns._fanout = mailing(sns, mail)


Mail = Callable[[str, str, str], None]
"""Sends a mail: to whom, its subject, its text."""
Reply = tuple[int, dict[str, str], bytes]
"""As MiniStack answers: status, headers, body."""


def asking_first(sns: Any, mail: Mail) -> Callable[[dict[str, Any]], Reply]:
    """MiniStack's Subscribe, with addresses that wait until their link was followed; asked again, they get it again."""
    subscribe = sns._subscribe

    def subscribe_waiting(params: dict[str, Any]) -> Reply:
        topic_arn, email = sns._p(params, "TopicArn"), sns._p(params, "Endpoint")
        known = email in _mailboxes_of(topic_arn, sns)
        status, headers, body = subscribe(params)
        mailbox = _mailboxes_of(topic_arn, sns).get(email)
        if mailbox is None:  # it is no address, or the topic is none
            return status, headers, body
        if not known:
            mailbox.update(confirmed=False, token=uuid.uuid4().hex)
            mailbox["attributes"]["PendingConfirmation"] = "true"
        if not mailbox["confirmed"]:
            link = _link(sns, Action="ConfirmSubscription", TopicArn=topic_arn, Token=mailbox["token"])
            mail(email, "AWS Notification - Subscription Confirmation", f"To get what {topic_arn} sends:\n{link}\n")
            body = body.replace(mailbox["arn"].encode(), b"pending confirmation")
        return status, headers, body

    return subscribe_waiting


def telling_who_waits(sns: Any) -> Callable[[dict[str, Any]], Reply]:
    """MiniStack's ListSubscriptionsByTopic, with AWS's word in the place of an ARN that is not confirmed."""
    list_subscriptions = sns._list_subscriptions_by_topic

    def list_with_waiting(params: dict[str, Any]) -> Reply:
        status, headers, body = list_subscriptions(params)
        for mailbox in _mailboxes_of(sns._p(params, "TopicArn"), sns).values():
            if not mailbox["confirmed"]:
                body = body.replace(mailbox["arn"].encode(), b"PendingConfirmation")
        return status, headers, body

    return list_with_waiting


def mailing(sns: Any, mail: Mail) -> Callable[..., None]:
    """MiniStack's delivery of what is published, to addresses that are confirmed too."""
    deliver = sns._fanout

    def deliver_and_mail(topic_arn: str, message_id: str, message: str, subject: str, *rest: Any, **named: Any) -> None:
        deliver(topic_arn, message_id, message, subject, *rest, **named)
        for email, mailbox in _mailboxes_of(topic_arn, sns).items():
            if mailbox["confirmed"]:
                link = _link(sns, Action="Unsubscribe", SubscriptionArn=mailbox["arn"])
                mail(email, subject, f"{message}\n--\nTo get no more of these:\n{link}\n")

    return deliver_and_mail


def _mailboxes_of(topic_arn: str, sns: Any) -> dict[str, dict[str, Any]]:
    """A topic's subscribers by mail, by address."""
    topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
    return {each["endpoint"]: each for each in topic["subscriptions"] if each["protocol"] == "email"}


def _link(sns: Any, **query: str) -> str:
    return f"http://{sns._HOST}:{sns._PORT}/?{urllib.parse.urlencode(query)}"


def _unpack_code_once(shared: str) -> None:
    """Give the workers of a function one copy of its code. Each unpacking its own, 20 of them take seconds to start
    and leave 20,000 files to remove."""
    from ministack.core import lambda_runtime

    lambda_runtime.zipfile = types.SimpleNamespace(ZipFile=sharing_zip_file(shared), BadZipFile=zipfile.BadZipFile)


def sharing_zip_file(shared: str) -> type[zipfile.ZipFile]:
    """A ZipFile that unpacks the same content once, below the folder `shared`, and then only links to it."""
    lock = threading.Lock()

    class SharingZipFile(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
            contents = sorted((entry.filename, entry.CRC) for entry in self.infolist())
            unpacked = os.path.join(shared, hashlib.sha256(repr(contents).encode()).hexdigest())
            with lock:
                if not os.path.exists(unpacked):
                    super().extractall(unpacked + ".unfinished", members, pwd)
                    os.rename(unpacked + ".unfinished", unpacked)
            os.rmdir(path)  # which the caller has made
            os.symlink(unpacked, path)

    return SharingZipFile


def _print_what_functions_print() -> None:
    """Pass on each line when it is printed; MiniStack's log groups have it only when the invocation ends."""
    from ministack.core import lambda_runtime

    def read_stderr(worker: Any) -> None:
        for line in worker._proc.stderr:
            text = line.rstrip("\n")
            worker._stderr_queue.put(text)
            _say(worker.func_name, text)

    lambda_runtime.Worker._read_stderr = read_stderr


def _say(function: str, line: str) -> None:
    try:
        sys.stdout.write(json.dumps({"function": function, "line": line}) + "\n")
        sys.stdout.flush()
    except OSError:  # nobody listens any more; stdin will tell
        pass


def _stop_workers() -> None:
    """By itself a worker in the middle of a slow request would live on until that is answered."""
    from ministack.core import lambda_runtime

    lambda_runtime.reset()


def _stop_when_stdin_closes(left_behind: list[str]) -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    _remove(left_behind)
    os.killpg(os.getpgid(0), signal.SIGKILL)  # this process leads its group; workers are in it


def _remove(places: list[str]) -> None:
    for place in places:
        if os.path.isdir(place):
            shutil.rmtree(place, ignore_errors=True)
        elif os.path.exists(place):
            os.unlink(place)


if __name__ == "__main__":
    main()
