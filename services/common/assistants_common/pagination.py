"""Lists in pages."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

MAX_LIMIT = 200


class PageParams(BaseModel):
    """Which part of a list is wanted."""

    limit: int
    offset: int


class Page[T](BaseModel):
    """A part of a list, and how long the whole list is."""

    items: list[T]
    total: int
    limit: int
    offset: int


def _page_params(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> PageParams:
    return PageParams(limit=limit, offset=offset)


PageParamsDep = Annotated[PageParams, Depends(_page_params)]


async def paginate[R, T](
    session: AsyncSession, statement: Select[R], params: PageParams, convert: Callable[[R], T]
) -> Page[T]:
    """Run an ordered select of one entity for one page, and count the whole."""
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    total = await session.scalar(counted) or 0
    rows: Sequence[R] = (await session.scalars(statement.limit(params.limit).offset(params.offset))).all()
    return Page(items=[convert(row) for row in rows], total=total, limit=params.limit, offset=params.offset)
