"""What is no frame, as a tree: lists in lists, the vectors in them, and what they hold at their beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crossframe.types import describe
from crossframe.values import RList, RVector
from crossframe.web.cells import texts_of

if TYPE_CHECKING:
    from crossframe.values import Value

MOST_NODES = 2000
_SHOWN = 10

Node = dict[str, Any]


def tree(value: Value, name: str = "") -> Node:
    """Return a value as a tree of at most 2,000 nodes: name, kind, text and children."""
    return _Trees().node(value, name)


class _Trees:
    def __init__(self) -> None:
        self._left = MOST_NODES

    def node(self, value: Value, name: str) -> Node:
        self._left -= 1
        if value is None:
            return {"name": name, "kind": "NULL", "text": ""}
        if isinstance(value, RList):
            return self._list(value, name)
        if isinstance(value, RVector):
            return _vector(value, name)
        if isinstance(value, pa.Table):
            columns = ", ".join(value.column_names[:_SHOWN])
            text = f"{value.num_rows} rows: {columns}"
            return {"name": name, "kind": "data.frame", "text": text}
        return {"name": name, "kind": "R value", "text": repr(value)}

    def _list(self, value: RList, name: str) -> Node:
        names = value.names or ("",) * len(value.items)
        children = []
        for position, (item, one) in enumerate(zip(value.items, names, strict=True), 1):
            if self._left <= 0:
                break
            children.append(self.node(item, one or f"[[{position}]]"))
        left = len(value.items) - len(children)
        length = len(value.items)
        text = f"{length} {'element' if length == 1 else 'elements'}"
        return {"name": name, "kind": "list", "text": text, "children": children, "more": left}


def _vector(value: RVector, name: str) -> Node:
    field, column = value.table.schema.field(0), value.table.column(0)
    texts = texts_of(field, column.slice(0, _SHOWN))
    shown = ", ".join("NA" if text is None else text for text in texts)
    more = f", \u2026 ({len(column)} values)" if len(column) > _SHOWN else ""
    return {"name": name, "kind": describe(field.type).r, "text": shown + more}
