"""Python loads them by pattern: each column in words of both."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import crossframe as cf

frames = cf.load_many("foo/bar/baz/*")

table = Table("frame", "column", "in R", "in pandas", "missing", box=None, pad_edge=False)
for name, frame in frames.items():
    for column in cf.info(f"foo/bar/baz/{name}").frames[0].columns:
        values = frame[column.name]
        row = (name, column.name, column.r, str(values.dtype), str(values.isna().sum()))
        table.add_row(*map(escape, row))
Console().print(table)
