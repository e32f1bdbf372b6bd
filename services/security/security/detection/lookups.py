"""Rules that need more than the event: the role of a user at a time, or whether an account was locked.

Events come in any order. So the detector applies each rule twice: to the known facts when a suspicious event
comes, and to earlier suspicious events when a fact becomes known.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from assistants_common.events import Event
from assistants_common.tokens import Role
from security.detection import event_data
from security.detection.event_data import Locked, Login, LoginFailed, RoleChanged, read
from security.detection.rules import (
    LOCKED_ACCOUNT_STORM,
    UNAUTHORIZED_PROMOTION,
    Reading,
    Rule,
    log_malformed,
)
from security.models import AccountLock, RoleSighting, Signal, ThreatKind

_MOST_AT_ONCE = 200
_ROLES_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Hit:
    """An event that counts for a rule; may be earlier than the event being handled."""

    rule: Rule
    reading: Reading
    event_id: UUID
    time: datetime


async def look_up(session: AsyncSession, event: Event, at: datetime) -> list[Hit]:
    """Store the facts of the event, and find the events that they make suspicious."""
    try:
        match event.type:
            case event_data.REGISTERED | event_data.LOGIN:
                return await _role_seen(session, event, at)
            case event_data.ROLE_CHANGED:
                return await _role_changed(session, event, at)
            case event_data.LOCKED:
                return await _locked(session, event, at)
            case event_data.LOGIN_FAILED:
                return await _failed(session, event, at)
    except ValidationError as error:
        log_malformed(event, error)
    return []


async def _role_seen(session: AsyncSession, event: Event, at: datetime) -> list[Hit]:
    login = read(Login, event)
    if login.role is None:
        return []
    sighting = RoleSighting(
        event_id=event.id, user_id=login.user_id, role=login.role.value, time=at, is_promotion=False
    )
    return await _remember_role(session, sighting)


async def _role_changed(session: AsyncSession, event: Event, at: datetime) -> list[Hit]:
    change = read(RoleChanged, event)
    if change.user_id is None:
        return []
    sighting = RoleSighting(
        event_id=event.id,
        user_id=change.user_id,
        role=change.role.value,
        time=at,
        changed_by=change.by,
        is_promotion=change.is_promotion,
    )
    hits = await _remember_role(session, sighting)
    if change.by is not None and change.is_promotion and await _was_no_admin(session, change.by, sighting):
        hits.append(_promotion(sighting))
    return hits


async def _remember_role(session: AsyncSession, sighting: RoleSighting) -> list[Hit]:
    """Store a sighting of a role; report what a user did as an administrator without being one."""
    columns = ("event_id", "user_id", "role", "time", "changed_by", "is_promotion")
    values = {name: getattr(sighting, name) for name in columns}
    await session.execute(insert(RoleSighting).values(values).on_conflict_do_nothing())
    if sighting.role == Role.ADMIN:
        return []
    later = aliased(RoleSighting)
    # From this sighting until the next one with another role.
    next_time = select(later.time).where(
        later.user_id == sighting.user_id, later.time > sighting.time, later.event_id != sighting.event_id
    )
    until = await session.scalar(next_time.order_by(later.time).limit(1))
    promotions = select(RoleSighting).where(
        RoleSighting.changed_by == sighting.user_id,
        RoleSighting.is_promotion,
        RoleSighting.time > sighting.time,
        *([RoleSighting.time < until] if until else []),
    )
    found = await session.scalars(promotions.order_by(RoleSighting.time).limit(_MOST_AT_ONCE))
    return [_promotion(promotion) for promotion in found]


async def _was_no_admin(session: AsyncSession, user_id: UUID, change: RoleSighting) -> bool:
    """Whether the last known role before a change is not administrator; False when no role is known."""
    before = select(RoleSighting.role).where(
        RoleSighting.user_id == user_id,
        RoleSighting.time < change.time,
        RoleSighting.event_id != change.event_id,
    )
    role = await session.scalar(before.order_by(RoleSighting.time.desc()).limit(1))
    return role is not None and role != Role.ADMIN


def _promotion(sighting: RoleSighting) -> Hit:
    reading = Reading(str(sighting.changed_by))
    return Hit(UNAUTHORIZED_PROMOTION, reading, sighting.event_id, sighting.time)


async def _locked(session: AsyncSession, event: Event, at: datetime) -> list[Hit]:
    lock = read(Locked, event)
    until = at + timedelta(seconds=lock.seconds)
    values = {"event_id": event.id, "account": lock.account, "starts_at": at, "ends_at": until}
    await session.execute(insert(AccountLock).values(values).on_conflict_do_nothing())
    failures = select(Signal).where(
        Signal.kind == ThreatKind.BRUTE_FORCE.value,
        Signal.subject == lock.account,
        Signal.time > at,
        Signal.time <= until,
    )
    found = await session.scalars(failures.order_by(Signal.time).limit(_MOST_AT_ONCE))
    return [_locked_failure(lock.account, signal.event_id, signal.time) for signal in found]


async def _failed(session: AsyncSession, event: Event, at: datetime) -> list[Hit]:
    account = read(LoginFailed, event).account
    lock = exists().where(
        AccountLock.account == account, AccountLock.starts_at < at, AccountLock.ends_at >= at
    )
    return [_locked_failure(account, event.id, at)] if await session.scalar(select(lock)) else []


def _locked_failure(account: str, event_id: UUID, time: datetime) -> Hit:
    return Hit(LOCKED_ACCOUNT_STORM, Reading(account), event_id, time)


async def forget(session: AsyncSession, before: datetime, now: datetime) -> None:
    """Remove outdated facts. Keeps the newest role of every user, however old."""
    await session.execute(delete(AccountLock).where(AccountLock.ends_at < before))
    newer = aliased(RoleSighting)
    superseded = exists().where(newer.user_id == RoleSighting.user_id, newer.time > RoleSighting.time)
    old = RoleSighting.time < now - _ROLES_KEPT
    await session.execute(delete(RoleSighting).where(old, superseded))
