"""Commands on the frames in one object."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossframe.cli.app import AsJson, Format, Name, Where, app
from crossframe.cli.output import show_json
from crossframe.cli.tables import as_text, show_table
from crossframe.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from crossframe.results import ObjectInfo

_INFO = ["name", "r", "arrow", "pandas", "missing"]


@app.command(
    short_help="Describe an object: frames, columns, types.",
    epilog="Example: crossframe info s3://lab-data/runs/a.rds",
)
def info(ctx: typer.Context, uri: Where, as_json: AsJson = False) -> None:
    """Describe an object: its format, frames and columns in R's, Arrow's and pandas' words."""
    from crossframe import description

    found = description.info(uri, options=ctx.obj)
    if as_json:
        return show_json(found.as_dict())
    kind = found.format + (f" in {found.compression}" if found.compression else "")
    print(f"{found.uri}\n{kind}, {found.size:,} bytes, {as_text(found.modified)}, etag {found.etag}")
    if found.versions is not None:
        print(f"version {found.version}, {found.versions:,} kept")
    for name, about in found.metadata.items():
        print(f"{name}: {about}")
    for one in found.frames:
        print(f"\n{one.name}: {_extent(one)}")
        if one.columns:
            show_table(_columns(one), _INFO, heading=[_INFO])
    return None


def _extent(one: ObjectInfo) -> str:
    if one.rows is not None:
        return f"{one.rows:,} rows x {len(one.columns)} columns"
    size = " x ".join(f"{size:,}" for size in one.dim) if one.dim else f"{one.length or 0:,} elements"
    return f"{one.kind}, {size}"


@app.command(
    short_help="Show the first rows of a frame.",
    epilog="Example: crossframe head s3://lab-data/runs/a.rds -n 5",
)
def head(
    ctx: typer.Context,
    uri: Where,
    rows: Annotated[int, typer.Option("--rows", "-n", min=0, help="How many rows.")] = 10,
    name: Name = None,
    format: Format = None,
    as_json: AsJson = False,
) -> None:
    """Show the first rows of a frame, under its columns' types in R and in pandas."""
    from crossframe import api

    loaded = api.load(uri, name=name, format=format, as_="arrow", options=ctx.obj)
    tables = loaded if isinstance(loaded, dict) else {"": loaded}
    for one, value in tables.items():
        if not hasattr(value, "schema"):
            raise UsageError("Can't show rows of what is no frame.", one or None)
    shown = {one: _plain_rows(table.slice(0, rows)) for one, table in tables.items()}
    if as_json:
        return show_json(shown if isinstance(loaded, dict) else shown[""])
    for one, value in tables.items():
        if one:
            print(f"{one}:")
        show_table(shown[one], value.column_names, heading=_heading(value))
        if value.num_rows > rows:
            print(f"... {value.num_rows:,} rows in all")
    return None


@app.command(
    short_help="Convert a frame to another format.", epilog="Example: crossframe convert a.rds a.parquet"
)
def convert(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A frame, in any format.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Where to; the extension says the format.")],
    name: Name = None,
    from_: Annotated[str | None, typer.Option("--from", help="Format of the source.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Format of the target.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite/--no-overwrite", help="Replace what is there.")
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Fail where a value would not come back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Convert a frame from one format to another; types and attributes stay."""
    from dataclasses import asdict

    from crossframe import conversion

    saved = conversion.convert(
        source,
        target,
        name=name,
        from_=from_,
        to=to,
        overwrite=overwrite,
        strict=strict,
        options=ctx.obj,
    )
    if as_json:
        return show_json(asdict(saved))
    extent = "" if saved.rows is None else f" {saved.rows:,} rows x {saved.columns} columns,"
    print(f"{saved.uri}: {saved.format},{extent} {saved.bytes:,} bytes")
    return None


@app.command(
    short_help="Tell what in an RDS or RData would run.",
    epilog="Example: crossframe check s3://lab-data/from-a-stranger.RData",
)
def check(ctx: typer.Context, uri: Where, format: Format = None, as_json: AsJson = False) -> None:
    """Tell what an RDS or RData holds and what in it would run; nothing is loaded."""
    from crossframe import safety

    report = safety.check(uri, format=format, options=ctx.obj)
    if as_json:
        return show_json(report.as_dict())
    print(f"{report.uri}: {report.status}")
    for one in report.objects:
        length = "" if one.length is None else f", length {one.length:,}"
        print(f"  {one.name}: {one.r_class or one.type}{length}")
    for where in report.formulas:
        print(f"  inert formula: {where}")
    for found in report.refused:
        print(f"  would run: {found.kind}, {found.where or 'the object itself'} (offset {found.offset})")
    if report.refused_count > len(report.refused):
        print(f"  ... {report.refused_count:,} such items in all")
    if not report.complete:
        print("  Not all could be looked into.")
    return None


@app.command(hidden=True)
def worker() -> None:
    """Convert what is asked for on standard input, line by line; for the R package."""
    from crossframe.worker import serve

    serve(sys.stdin, sys.stdout)


def _heading(table: pa.Table) -> list[list[str]]:
    """Return the names, and what R and pandas call the types."""
    from crossframe.types import describe

    words = [describe(field.type) for field in table.schema]
    return [table.column_names, [word.r for word in words], [word.pandas for word in words]]


def _plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return rows of plain values; times as text, since datetime has no nanoseconds."""
    import pyarrow as pa

    for index, field in enumerate(table.schema):
        if pa.types.is_duration(field.type):
            coarse = table.column(index).cast(pa.duration("us"), safe=False)
            table = table.set_column(index, field.name, coarse)
        elif pa.types.is_temporal(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(pa.string()))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _columns(frame: ObjectInfo) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [asdict(column) for column in frame.columns]
