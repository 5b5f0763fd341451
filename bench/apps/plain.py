"""The usual way to write such an API: FastAPI, Pydantic, SQLAlchemy's ORM over aiosqlite; each request asks.

One table holds each model as it is answered, so no joins are needed: kinder than a real schema would be.
The database is the file ``BENCH_DATABASE``.
"""

import os
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['BENCH_DATABASE']}")
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    """The tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012 - SQLAlchemy's way


class ModelRow(Base):
    """A model."""

    __tablename__ = "models"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    vendor: Mapped[str | None]
    capabilities: Mapped[list[str]]
    context_window: Mapped[int | None]
    max_output_tokens: Mapped[int | None]
    description: Mapped[str]
    vendor_name: Mapped[str | None]
    family: Mapped[str | None]
    modalities: Mapped[list[str]]
    input_modalities: Mapped[list[str] | None] = mapped_column(JSON)
    output_modalities: Mapped[list[str] | None] = mapped_column(JSON)
    open_weights: Mapped[bool | None]
    licensing: Mapped[str]
    release_date: Mapped[str | None]
    knowledge_cutoff: Mapped[str | None]
    status: Mapped[str]
    deprecation_date: Mapped[str | None]
    replaced_by: Mapped[str | None]
    aliases: Mapped[list[str]]
    providers_count: Mapped[int]
    cheapest: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[str]
    updated_at: Mapped[str]
    providers: Mapped[list[str]]


class Cheapest(BaseModel):
    """The cheapest known offering."""

    provider_id: str
    input_per_million: int | float | None
    output_per_million: int | float | None
    currency: str


class ModelSummary(BaseModel):
    """A model, as in lists."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    vendor: str | None
    capabilities: list[str]
    context_window: int | None
    max_output_tokens: int | None
    description: str
    vendor_name: str | None
    family: str | None
    modalities: list[str]
    input_modalities: list[str] | None
    output_modalities: list[str] | None
    open_weights: bool | None
    licensing: str
    release_date: str | None
    knowledge_cutoff: str | None
    status: Literal["active", "preview", "deprecated", "retired"]
    deprecation_date: str | None
    replaced_by: str | None
    aliases: list[str]
    providers_count: int
    cheapest: Cheapest | None
    created_at: str
    updated_at: str


class ModelDetail(ModelSummary):
    """A model, alone."""

    providers: list[str]


class Pagination(BaseModel):
    """Which part of a list this is."""

    page: int
    limit: int
    total: int


class ModelPage(BaseModel):
    """One page of models."""

    data: list[ModelSummary]
    pagination: Pagination


async def _session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(_session)]


@app.get("/api/models", response_model=ModelPage)
async def list_models(
    session: Session,
    page: Annotated[int, Query(ge=1)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Any:
    """A page of models, the newest first."""
    total = await session.scalar(select(func.count()).select_from(ModelRow))
    rows = await session.scalars(
        select(ModelRow)
        .order_by(ModelRow.release_date.desc(), ModelRow.id)
        .offset((page - 1) * limit)
        .limit(limit)
    )
    return {"data": rows.all(), "pagination": {"page": page, "limit": limit, "total": total}}


@app.get("/api/models/{model_id}", response_model=ModelDetail)
async def get_model(model_id: str, session: Session) -> Any:
    """One model."""
    row = await session.get(ModelRow, model_id)
    if row is None:
        raise HTTPException(404)
    return row
