"""Where messages lie on their way: the jobs queue, the dead letters, and the alerts.

All of them take TLS only and are encrypted. The emulator speaks plain HTTP to this machine, and keeps to the policy
that forbids it: on the local stage there is none.
"""

from __future__ import annotations

from aws_cdk import Aws, Duration, Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.security_rules import acknowledge, acknowledge_checkov
from infra.stage_settings import StageSettings

# Longer than lead + the longest lease (60 s of request + 30 s to settle): a message comes back only when whoever
# took it can no longer be at work. Not six times the function's time-out, as AWS advises for invocations that are
# throttled and begin late: a message that comes back meanwhile is dropped at the claim, and what a dead worker left
# comes back five times sooner.
JOBS_VISIBILITY = Duration.seconds(120)

# Longer than bury's time-out. A letter that is kept, because its job is still at work, is looked at again after this.
DEAD_LETTERS_VISIBILITY = Duration.seconds(60)

# Deaths of workers are counted in the table, and five of them end a job: this is the last resort, for what no worker
# can even read. Throttled deliveries count as receives too, so it is not drawn tight: 12 minutes take 7 of them.
_RECEIVES_BEFORE_DEAD = 10


_PLAIN_HTTP = "The emulator speaks plain HTTP to this machine only; a policy that forbids it would forbid everything."


class Channels(Construct):
    """The jobs queue with its dead letters, and the topic that people listen to."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, key: kms.Key | None) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = secure_queue(
            self,
            "DeadLetters",
            settings=settings,
            key=key,
            visibility=DEAD_LETTERS_VISIBILITY,
            retention=Duration.days(14),
        )
        self.jobs = secure_queue(
            self,
            "Jobs",
            settings=settings,
            key=key,
            visibility=JOBS_VISIBILITY,
            # A message older than this is of no use: the sweep's overdue query sends the job again.
            retention=Duration.days(4),
            dead_letters=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=_RECEIVES_BEFORE_DEAD),
        )
        # The beginning of the ARNs of topics that the api makes, one for each address of an owner's.
        self.address_topics = Fn.join(
            ":", ["arn", Aws.PARTITION, "sns", Aws.REGION, Aws.ACCOUNT_ID, f"{Aws.STACK_NAME}-address-"]
        )
        self.alerts = _alerts(self, settings=settings, key=key)


def secure_queue(
    scope: Construct,
    construct_id: str,
    *,
    settings: StageSettings,
    key: kms.Key | None,
    visibility: Duration,
    retention: Duration,
    dead_letters: sqs.DeadLetterQueue | None = None,
) -> sqs.Queue:
    """A queue that takes TLS only and is encrypted, with the customer's key if there is one, else with SQS's own."""
    queue = sqs.Queue(
        scope,
        construct_id,
        enforce_ssl=not settings.is_local,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        # How long SQS uses one data key: an hour asks the key a twelfth as often, and costs so much less.
        data_key_reuse=Duration.hours(1) if key else None,
        visibility_timeout=visibility,
        retention_period=retention,
        dead_letter_queue=dead_letters,
    )
    if key is None:
        acknowledge_checkov(
            queue, {"CKV_AWS_27": "SQS encrypts it with a key of its own; the rule knows other keys only."}
        )
    if settings.is_local:
        acknowledge(queue, "AwsSolutions-SQS4", _PLAIN_HTTP)
    return queue


def _alerts(scope: Construct, *, settings: StageSettings, key: kms.Key | None) -> sns.Topic:
    """The topic that alerts and alarms go to.

    Without a customer key it has none: AWS's own key for SNS refuses CloudWatch's alarms, SNS's storage is encrypted
    anyway, and a message stays there only until it is delivered.
    """
    topic = sns.Topic(scope, "Alerts", display_name="Punctual", master_key=key, enforce_ssl=not settings.is_local)
    if key is None:
        acknowledge_checkov(topic, {"CKV_AWS_26": "AWS's own key for SNS refuses alarms; see the docstring."})
    if settings.is_local:
        acknowledge(topic, "AwsSolutions-SNS3", _PLAIN_HTTP)
    # The TLS policy takes the place of the topic's default policy, which is what lets an account's alarms in.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsOfThisAccount",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                "ArnLike": {
                    "aws:SourceArn": Fn.join(
                        ":", ["arn", Aws.PARTITION, "cloudwatch", Aws.REGION, Aws.ACCOUNT_ID, "alarm", "*"]
                    )
                },
            },
        )
    )
    if settings.alert_email:
        topic.add_subscription(subscriptions.EmailSubscription(settings.alert_email))
    return topic


def may_send(queue: sqs.Queue) -> iam.PolicyStatement:
    """The right to put messages on a queue."""
    return iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])


def may_consume(queue: sqs.Queue) -> iam.PolicyStatement:
    """What Lambda needs to poll a queue in a function's name."""
    return iam.PolicyStatement(
        actions=["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], resources=[queue.queue_arn]
    )


def may_see_backlog(queue: sqs.Queue) -> iam.PolicyStatement:
    """The right to count what lies on a queue."""
    return iam.PolicyStatement(actions=["sqs:GetQueueAttributes"], resources=[queue.queue_arn])


def acknowledge_address_topics(function_of: Construct) -> None:
    """Say why the role of a construct's function names topics by how their names begin."""
    acknowledge(
        function_of.node.find_child("Role"),
        "AwsSolutions-IAM5[Resource::"
        "arn:<AWS::Partition>:sns:<AWS::Region>:<AWS::AccountId>:<AWS::StackName>-address-*]",
        "The api makes these topics while it runs, one for each address; their names begin so, and no others do.",
    )


def may_ask_for_addresses(channels: Channels, settings: StageSettings) -> list[iam.PolicyStatement]:
    """The right to make and delete topics of owners' addresses, to subscribe these, and to see which are confirmed.

    It subscribes mailboxes, which have to confirm it, and nothing else: no queue, function or server of anybody's. The
    emulator does not know what is subscribed when it judges that, and would refuse everything.
    """
    topics = [f"{channels.address_topics}*"]
    return [
        iam.PolicyStatement(
            actions=["sns:CreateTopic", "sns:DeleteTopic", "sns:ListSubscriptionsByTopic"], resources=topics
        ),
        iam.PolicyStatement(
            actions=["sns:Subscribe"],
            resources=topics,
            conditions=None if settings.is_local else {"StringEquals": {"sns:Protocol": "email"}},
        ),
    ]


def may_look_for_addresses(channels: Channels) -> iam.PolicyStatement:
    """The right to see whether an address of an owner's is confirmed."""
    return iam.PolicyStatement(actions=["sns:ListSubscriptionsByTopic"], resources=[f"{channels.address_topics}*"])


def may_tell_addresses(channels: Channels) -> iam.PolicyStatement:
    """The right to send an alert to an owner's address, after a look whether anybody listens there."""
    return iam.PolicyStatement(
        actions=["sns:ListSubscriptionsByTopic", "sns:Publish"], resources=[f"{channels.address_topics}*"]
    )


def may_publish(topic: sns.Topic) -> iam.PolicyStatement:
    """The right to send an alert."""
    return iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn])
