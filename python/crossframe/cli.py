"""The command ``crossframe``: thin, every line of it one call of the package.

Everything slow to import is imported by the command that needs it: ``--help`` must not wait.
"""
# ruff: noqa: PLC0415, PLR0917, T201 - imports as above; options are typer's arguments; a command prints.

from __future__ import annotations

import json
import sys
import warnings
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossframe.errors import CrossframeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from crossframe.results import ObjectInfo
    from crossframe.stores import S3Options
    from crossframe.transfer import Copy

OK, FAILED = 0, 1

app = typer.Typer(
    name="crossframe",
    help="Data frames in buckets and folders, the same in R and Python.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Where = Annotated[
    str, typer.Argument(metavar="URI", help="s3://bucket/key, a path, or a key under the root.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Regex = Annotated[bool, typer.Option("--regex", help="The pattern is a regular expression.")]
Format = Annotated[
    str | None, typer.Option("--format", help="Format; by default by content, then extension.")
]
Name = Annotated[str | None, typer.Option("--name", help="Which object of an RData.")]


@app.callback()
def _common(
    ctx: typer.Context,
    endpoint: Annotated[str | None, typer.Option(help="S3 endpoint, e.g. https://minio.lab:9000.")] = None,
    region: Annotated[str | None, typer.Option(help="S3 region.")] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile.")] = None,
    root: Annotated[str | None, typer.Option(help="Where relative keys lie: a bucket or a folder.")] = None,
) -> None:
    if root is not None:
        from crossframe.stores import set_root

        set_root(root)
    if endpoint or region or profile:
        from crossframe.stores import S3Options

        ctx.obj = S3Options(endpoint=endpoint, region=region, profile=profile)


@app.command(epilog="Example: crossframe ls s3://lab-data/runs/")
def ls(
    ctx: typer.Context,
    uri: Annotated[
        str, typer.Argument(metavar="[URI]", help="Bucket, prefix or folder; s3:// lists buckets.")
    ] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Everything below.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what lies below a prefix."""
    from crossframe import stores
    from crossframe.listing import level

    options: S3Options | None = ctx.obj
    if uri.rstrip("/") == "s3:":
        buckets = [{"bucket": one.name, "created": one.created} for one in stores.list_buckets(options)]
        return _rows(buckets, ["created", "bucket"], as_json=as_json)
    rows = level(uri, recursive=recursive, options=options)
    for row in rows:
        row.pop("storage_class", None)
    return _rows(rows, ["modified", "size", "key"], as_json=as_json)


@app.command(epilog="Example: crossframe info s3://lab-data/runs/a.rds")
def info(ctx: typer.Context, uri: Where, as_json: AsJson = False) -> None:
    """Describe an object: its format, frames and columns in R's, Arrow's and pandas' words."""
    from crossframe import api

    found = api.info(uri, options=ctx.obj)
    if as_json:
        return _json(found.as_dict())
    kind = found.format + (f" in {found.compression}" if found.compression else "")
    print(f"{found.uri}\n{kind}, {found.size:,} bytes, {_text(found.modified)}, etag {found.etag}")
    for one in found.frames:
        print(f"\n{one.name}: {_extent(one)}")
        if one.columns:
            _table(_columns(one), ["name", "r", "arrow", "pandas", "missing"])
    return None


def _extent(one: ObjectInfo) -> str:
    if one.rows is not None:
        return f"{one.rows:,} rows x {len(one.columns)} columns"
    size = " x ".join(f"{size:,}" for size in one.dim) if one.dim else f"{one.length or 0:,} elements"
    return f"{one.kind}, {size}"


@app.command(epilog="Example: crossframe head s3://lab-data/runs/a.rds -n 5")
def head(
    ctx: typer.Context,
    uri: Where,
    rows: Annotated[int, typer.Option("--rows", "-n", min=0, help="How many rows.")] = 10,
    name: Name = None,
    format: Format = None,
    as_json: AsJson = False,
) -> None:
    """Show the first rows."""
    from crossframe import api

    loaded = api.load(uri, name=name, format=format, as_="arrow", options=ctx.obj)
    tables = loaded if isinstance(loaded, dict) else {"": loaded}
    for one, value in tables.items():
        if not hasattr(value, "schema"):
            raise UsageError("Can't show rows of what is no frame.", one or None)
    shown = {one: _plain_rows(table.slice(0, rows)) for one, table in tables.items()}
    if as_json:
        return _json(shown if isinstance(loaded, dict) else shown[""])
    for one, table in tables.items():
        if one:
            print(f"{one}:")
        _table(shown[one], table.column_names)
        if table.num_rows > rows:
            print(f"... {table.num_rows:,} rows in all")
    return None


@app.command(epilog="Example: crossframe cp 's3://lab-data/runs/*.rds' ./runs/")
def cp(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A key, a path, or a pattern.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A key or path; a prefix ends in '/'.")],
    regex: Regex = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite/--no-overwrite", help="Replace what is there.")
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be copied.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy objects: local to store, store to local, store to store; a CSV's schema goes with it."""
    from crossframe import transfer

    copies = transfer.plan(source, target, regex=regex, options=ctx.obj)
    if not dry_run:
        for _ in _progress(transfer.run(copies, overwrite=overwrite), copies, quiet=as_json):
            pass
    if as_json:
        return _json([{"source": c.source.uri, "target": c.target.uri, "bytes": c.size} for c in copies])
    for copy in copies:
        print(f"{copy.source.uri} -> {copy.target.uri}")
    return None


@app.command(epilog="Example: crossframe convert a.rds a.parquet")
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

    from crossframe import api
    from crossframe.transfer import local

    frame = api.load(local(source), name=name, format=from_, as_="arrow", strict=strict, options=ctx.obj)
    saved = api.save(frame, local(target), format=to, overwrite=overwrite, strict=strict, options=ctx.obj)
    if as_json:
        return _json(asdict(saved))
    print(
        f"{saved.uri}: {saved.format}, {saved.rows:,} rows x {saved.columns} columns, {saved.bytes:,} bytes"
    )
    return None


@app.command(epilog="Example: crossframe check s3://lab-data/from-a-stranger.RData")
def check(ctx: typer.Context, uri: Where, format: Format = None, as_json: AsJson = False) -> None:
    """Tell what an RDS or RData holds and what in it would run; nothing is loaded."""
    from crossframe import safety

    report = safety.check(uri, format=format, options=ctx.obj)
    if as_json:
        return _json(report.as_dict())
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 our error, 2 wrong use."""
    warnings.showwarning = _show_warning
    sys.meta_path.insert(0, _NoPandas())
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        app(args=arguments)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else OK
    except CrossframeError as error:
        print(f"crossframe: {error}", file=sys.stderr)
        return FAILED
    return OK


class _NoPandas:
    """Keeps pandas out of the command's process.

    Why: pyarrow imports pandas for any array made of a list, which takes longer than most conversions.
    """

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Say that there is no pandas."""
        if name == "pandas":
            raise ModuleNotFoundError("the command goes without pandas", name=name)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"crossframe: warning: {message}", file=sys.stderr)


def _progress(done: Iterable[Copy], copies: list[Copy], *, quiet: bool) -> Iterable[Copy]:
    if quiet or len(copies) < 2 or not sys.stderr.isatty():  # noqa: PLR2004 - one needs no bar
        yield from done
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    parts = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*parts, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("copying", total=sum(copy.size for copy in copies))
        for copy in done:
            progress.update(task, advance=copy.size, description=copy.source.key[-40:])
            yield copy


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


def _rows(rows: list[dict[str, Any]], shown: list[str], *, as_json: bool) -> None:
    if as_json:
        _json(rows)
    else:
        _table(rows, shown, header=False)


def _table(rows: list[dict[str, Any]], names: list[str], *, header: bool = True) -> None:
    """Print rows in columns, numbers to the right; plain text, so that it goes through pipes as it looks."""
    lines = [[_text(row.get(name)) for name in names] for row in rows]
    if header:
        lines.insert(0, list(names))
    widths = [max((len(line[i]) for line in lines), default=0) for i in range(len(names))]
    right = [any(isinstance(row.get(name), (int, float)) for row in rows) for name in names]
    for line in lines:
        cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        print("  ".join(cells).rstrip())


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if hasattr(value, "isoformat"):
        text: str = value.isoformat(*((" ", "seconds") if hasattr(value, "hour") else ()))
        return text
    return str(value).replace("\n", "\\n")


def _json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=_plain, allow_nan=True))


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever JSON does not know
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
