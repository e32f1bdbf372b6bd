"""Signed checkpoints, events in the audit log, the history of alerts, and notifications."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from assistants_common.outbox import create_outbox_table, drop_outbox_table

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
# Entries may now have no actor: the previous release cannot read such entries.
backward_compatible: bool = False

# The message names the table, because the function now protects two tables.
_REFUSE = """
CREATE OR REPLACE FUNCTION audit_log_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is not allowed', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$
"""
_TRIGGER = """
CREATE TRIGGER audit_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse_change()
"""


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _time_now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()
    )


def upgrade() -> None:
    _widen_audit_log()
    _create_checkpoints()
    op.add_column("signals", sa.Column("value", sa.String(128)))
    _create_role_sightings()
    _create_account_locks()
    _create_alert_changes()
    _create_notifications()
    create_outbox_table()


def _widen_audit_log() -> None:
    op.add_column("audit_log", sa.Column("source", sa.String(64)))
    op.add_column("audit_log", sa.Column("event_id", sa.Uuid()))
    op.alter_column("audit_log", "actor", existing_type=sa.Uuid(), nullable=True)
    op.create_index("ix_audit_log_actor_sequence", "audit_log", ["actor", "sequence"])
    op.create_index("ix_audit_log_action_sequence", "audit_log", ["action", "sequence"])
    from_events = sa.text("event_id IS NOT NULL")
    op.create_index(
        "uq_audit_log_event_id", "audit_log", ["event_id"], unique=True, postgresql_where=from_events
    )


def _create_checkpoints() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_checkpoints"),
    )
    op.execute(_REFUSE)
    op.execute(_TRIGGER)
    # ALWAYS: the trigger also runs in sessions with session_replication_role = replica.
    op.execute("ALTER TABLE audit_checkpoints ENABLE ALWAYS TRIGGER audit_checkpoints_append_only")


def _create_role_sightings() -> None:
    op.create_table(
        "role_sightings",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        _time("time"),
        sa.Column("changed_by", sa.Uuid()),
        sa.Column("is_promotion", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_role_sightings"),
    )
    op.create_index("ix_role_sightings_user_id_time", "role_sightings", ["user_id", "time"])


def _create_account_locks() -> None:
    op.create_table(
        "account_locks",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        _time("starts_at"),
        _time("ends_at"),
        sa.PrimaryKeyConstraint("event_id", name="pk_account_locks"),
    )
    op.create_index("ix_account_locks_account_ends_at", "account_locks", ["account", "ends_at"])


def _create_alert_changes() -> None:
    op.create_table(
        "alert_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.String(16), nullable=False),
        sa.Column("to_state", sa.String(16), nullable=False),
        sa.Column("changed_by", sa.Uuid()),
        sa.Column("note", sa.String(1000)),
        _time_now("time"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_changes_alert_id_alerts"),
        sa.PrimaryKeyConstraint("id", name="pk_alert_changes"),
    )
    op.create_index("ix_alert_changes_alert_id", "alert_changes", ["alert_id"])


def _create_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _time_now("created_at"),
        _time_now("next_attempt_at"),
        _time("last_attempt_at", nullable=True),
        _time("sent_at", nullable=True),
        sa.Column("error", sa.String(200)),
        sa.CheckConstraint("channel IN ('email', 'webhook')", name="ck_notifications_channel"),
        sa.CheckConstraint("state IN ('pending', 'sent', 'failed')", name="ck_notifications_state"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_notifications_alert_id_alerts"),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    op.create_index("ix_notifications_alert_id", "notifications", ["alert_id"])
    pending = sa.text("state = 'pending'")
    op.create_index("ix_notifications_due", "notifications", ["next_attempt_at"], postgresql_where=pending)


def downgrade() -> None:
    """Fails, and changes nothing, when there are entries without an actor: there were none before."""
    drop_outbox_table()
    for table in ("notifications", "alert_changes", "account_locks", "role_sightings", "audit_checkpoints"):
        op.drop_table(table)
    op.drop_column("signals", "value")
    for index in ("uq_audit_log_event_id", "ix_audit_log_action_sequence", "ix_audit_log_actor_sequence"):
        op.drop_index(index, "audit_log")
    op.alter_column("audit_log", "actor", existing_type=sa.Uuid(), nullable=False)
    op.drop_column("audit_log", "event_id")
    op.drop_column("audit_log", "source")
