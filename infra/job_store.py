"""The table: every job, its attempts, and the marks of the sweep. Its stream is the outbox of the api,
and what is counted."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.security_rules import acknowledge_checkov
from infra.stage_settings import StageSettings

DUE = "due"
OWNER_STATUS = "owner_status"


class JobStore(Construct):
    """One table, on demand, with a sparse index of what is due and one of what an owner has."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, key: kms.Key | None) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=_string("pk"),
            sort_key=_string("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            # What a job was before says which counter it leaves.
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=(dynamodb.TableEncryption.CUSTOMER_MANAGED if key else dynamodb.TableEncryption.AWS_MANAGED),
            encryption_key=key,
            deletion_protection=settings.keeps_data,
            removal_policy=RemovalPolicy.RETAIN if settings.keeps_data else RemovalPolicy.DESTROY,
        )
        if key is None:
            reason = "A customer key costs money for each use: it is a setting (kms), and AWS's own key is the default."
            acknowledge_checkov(self.table, {"CKV_AWS_119": reason})
        self._add_index(DUE, partition="due_shard", sort="fire_at")
        self._add_index(OWNER_STATUS, partition="owner_status", sort="due_at", searched=["name", "host"])

    def _add_index(self, name: str, *, partition: str, sort: str, searched: Sequence[str] = ()) -> None:
        """An entry stays small, and the job itself is read from the table. `searched` are attributes that entries are
        looked through for; CloudFormation cannot change them in an index that is there."""
        self.table.add_global_secondary_index(
            index_name=name,
            partition_key=_string(partition),
            sort_key=dynamodb.Attribute(name=sort, type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.INCLUDE if searched else dynamodb.ProjectionType.KEYS_ONLY,
            non_key_attributes=list(searched) or None,
        )

    def may(self, *actions: str) -> iam.PolicyStatement:
        """The right to do this to items of the table: "GetItem", "UpdateItem", …"""
        return iam.PolicyStatement(
            actions=[f"dynamodb:{action}" for action in actions], resources=[self.table.table_arn]
        )

    def may_note(self, partitions: str, settings: StageSettings) -> iam.PolicyStatement:
        """The right to update items in these partitions ("USAGE#*"), and no other.

        The emulator knows no such condition.
        """
        return iam.PolicyStatement(
            actions=["dynamodb:UpdateItem"],
            resources=[self.table.table_arn],
            conditions=None
            if settings.is_local
            else {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [partitions]}},
        )

    def may_query(self, index: str) -> iam.PolicyStatement:
        """The right to query one index, and no other."""
        return iam.PolicyStatement(actions=["dynamodb:Query"], resources=[f"{self.table.table_arn}/index/{index}"])

    def may_read_stream(self) -> list[iam.PolicyStatement]:
        """What Lambda needs to poll the stream in a function's name."""
        assert self.table.table_stream_arn is not None  # the table is made with a stream, above
        return [
            iam.PolicyStatement(
                actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
                resources=[self.table.table_stream_arn],
            ),
            # AWS knows no resource for this action: it lists the account's streams or none.
            iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"]),
        ]


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
