"""A span of days, in UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

DEFAULT_DAYS = 30
MAX_DAYS = 366
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2100, 12, 31)

_DAY = timedelta(days=1)


class Group(StrEnum):
    """How long the steps of a period are. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def first_day(self, day: date) -> date:
        """The first day of the step a day falls into."""
        if self is Group.WEEK:
            return day - day.weekday() * _DAY
        return day.replace(day=1) if self is Group.MONTH else day


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("the period ends before it begins")
        if self.last - self.first >= MAX_DAYS * _DAY:
            raise ValueError(f"the period is longer than {MAX_DAYS} days")

    @classmethod
    def between(cls, first: date | None, last: date | None) -> "Period":
        """A period; default last day: today; default length: DEFAULT_DAYS days."""
        end = last or max(datetime.now(UTC).date(), first or FIRST_DAY)
        return cls(first or end - (DEFAULT_DAYS - 1) * _DAY, end)

    @classmethod
    def latest(cls, days: int) -> "Period":
        today = datetime.now(UTC).date()
        return cls(today - (days - 1) * _DAY, today)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time.min, UTC)

    @property
    def end(self) -> datetime:
        """The first instant after the period."""
        return datetime.combine(self.last + _DAY, time.min, UTC)

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    def days(self) -> Iterator[date]:
        for number in range(self.length):
            yield self.first + number * _DAY

    def steps(self, group: Group) -> list[date]:
        """The first day of every step; the first step begins with the period."""
        return sorted({max(group.first_day(day), self.first) for day in self.days()})
