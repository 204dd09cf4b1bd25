"""What a conversion could not keep, gathered by column and told once.

Every conversion knows its inverse. Where the inverse would not give a value
back, the conversion adds it here; :meth:`Losses.tell` warns, or raises under
``strict=True``. Nothing is lost silently.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

from crossframe.errors import LossyConversionError, LossyConversionWarning


@dataclass(frozen=True, slots=True)
class Loss:
    """Values of one column that would not come back.

    Attributes:
        column: Name of the column.
        count: How many values.
        example: The first of them, as text.
        reason: What becomes of it.
    """

    column: str
    count: int
    example: str
    reason: str

    def __str__(self) -> str:
        """One line: column, count, first example, reason."""
        values = "value" if self.count == 1 else "values"
        return f"column '{self.column}': {self.count} {values} {self.reason}, first {self.example}"


@dataclass(slots=True)
class Losses:
    """The losses of one call.

    Attributes:
        strict: Raise instead of warn.
    """

    strict: bool = False
    found: list[Loss] = field(default_factory=list)

    def add(self, column: str, count: int, example: object, reason: str) -> None:
        """Note ``count`` values of a column; nothing where ``count`` is 0."""
        if count:
            self.found.append(Loss(column, count, _text(example), reason))

    def tell(self, what: str, *, stacklevel: int = 3) -> None:
        """Warn of every loss, a warning each; raise where strict.

        Args:
            what: What was being done, for the message, e.g. ``"save 'a.rds'"``.
            stacklevel: How far up the line is that the warning is about; by default its caller's caller.

        Raises:
            LossyConversionError: There are losses and ``strict`` is set.
        """
        if not self.found:
            return
        if self.strict:
            shown = "\n  ".join(str(loss) for loss in self.found[:5])
            raise LossyConversionError(
                f"Can't {what} without loss.", shown, "Drop strict=True to go on with a warning."
            )
        for loss in self.found:
            # Why 3: load() and save() call this, and the user them.
            warnings.warn(f"Lossy: {loss}.", LossyConversionWarning, stacklevel=stacklevel)
        self.found.clear()


def _text(example: Any) -> str:  # noqa: ANN401 - any value, or an Arrow scalar
    try:
        return str(example)
    except (OverflowError, ValueError):
        # Why: Arrow writes a time by Python's, which ends in the year 9999 and knows the zones of here only.
        return f"{example.value} as {example.type}"
