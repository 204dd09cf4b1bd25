"""Every error this package raises, one class for each row of ``errors.csv``.

::

    CrossframeError
    ├── UsageError (ValueError)
    │   ├── InvalidUriError
    │   ├── InvalidKeyError
    │   └── InvalidPatternError
    ├── StoreError (OSError)
    │   ├── ObjectNotFoundError (FileNotFoundError)
    │   ├── BucketNotFoundError (FileNotFoundError)
    │   ├── ObjectExistsError (FileExistsError)
    │   ├── PreconditionFailedError
    │   ├── AccessDeniedError (PermissionError)
    │   ├── CredentialsError (PermissionError)
    │   │   ├── SignatureError
    │   │   ├── ExpiredTokenError
    │   │   └── ClockSkewError
    │   ├── EndpointError (ConnectionError)
    │   ├── CorruptObjectError
    │   ├── NotSupportedError
    │   └── UnavailableError
    ├── CodecError (ValueError)
    │   ├── UnknownFormatError
    │   ├── DecodeError
    │   ├── UnsafeDataError
    │   └── EngineMissingError (ImportError)
    ├── ConversionError (ValueError)
    │   ├── UnsupportedTypeError (TypeError)
    │   ├── DuplicateColumnError
    │   ├── LossyConversionError
    │   └── SchemaMismatchError
    └── BatchError
        ├── NoMatchError (LookupError)
        └── NameClashError

R signals the same rows as conditions: ``ObjectNotFoundError`` is the class
``crossframe_error_object_not_found`` there, below ``crossframe_error``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def row_name(kind: type[BaseException]) -> str:
    """Return the name that ``errors.csv`` and R have for an error or warning: ``object_not_found``."""
    words = kind.__name__.removesuffix("Error").removesuffix("Warning")
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in words).lstrip("_")
    return "crossframe_error" if kind is CrossframeError else name


class CrossframeError(Exception):
    """Any error of this package.

    Args:
        problem: What can't be done, one sentence.
        detail: What was got and where, one line.
        hint: What to do about it, one line.
    """

    def __init__(self, problem: str, detail: str | None = None, hint: str | None = None) -> None:
        """Join the three parts to one message, a line each."""
        self.problem = problem
        self.detail = detail
        self.hint = hint
        # Why: OSError.__init__ would take two arguments for errno and strerror.
        Exception.__init__(self, "\n  ".join(part for part in (problem, detail, hint) if part))

    def __str__(self) -> str:
        """Return the message; OSError's own form would show an errno."""
        return str(self.args[0])

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the three parts and all else it tells, so a worker process can hand an error back."""
        return (type(self), (self.problem, self.detail, self.hint), vars(self))


class CrossframeWarning(UserWarning):
    """Any warning of this package."""


class LossyConversionWarning(CrossframeWarning):
    """A value would not come back unchanged; ``strict=True`` makes it an error."""


class FormatMismatchWarning(CrossframeWarning):
    """Magic bytes and extension disagree; the magic bytes decide."""


class StaleSchemaWarning(CrossframeWarning):
    """A sidecar schema does not belong to the data beside it and was not used."""


class UsageError(CrossframeError, ValueError):
    """An argument is missing or contradicts another."""


class InvalidUriError(UsageError):
    """The text is not a URI or path this package can reach."""


class InvalidKeyError(UsageError):
    """A key must not be written as given: empty or dot segments, or leaving the root."""


class InvalidPatternError(UsageError):
    """A pattern or template cannot be parsed."""


class StoreError(CrossframeError, OSError):
    """A store refused or failed."""


class ObjectNotFoundError(StoreError, FileNotFoundError):
    """No object at that key."""


class BucketNotFoundError(StoreError, FileNotFoundError):
    """No such bucket or root folder."""


class ObjectExistsError(StoreError, FileExistsError):
    """``overwrite=False`` and the key is taken."""


class PreconditionFailedError(StoreError):
    """``if_match=`` names an ETag the object no longer has."""


class AccessDeniedError(StoreError, PermissionError):
    """The store knows the caller and refuses."""


class CredentialsError(StoreError, PermissionError):
    """No credentials were found, or they are not known to the store."""


class SignatureError(CredentialsError):
    """The secret key or the signed request is wrong."""


class ExpiredTokenError(CredentialsError):
    """The session token or the link has expired."""


class ClockSkewError(CredentialsError):
    """This machine's clock differs too much from the store's."""


class EndpointError(StoreError, ConnectionError):
    """The endpoint cannot be reached."""


class CorruptObjectError(StoreError):
    """The bytes received are not the bytes that were stored."""


class NotSupportedError(StoreError):
    """The store does not have that ability."""


class UnavailableError(StoreError):
    """The store answered with an error after all retries."""


class CodecError(CrossframeError, ValueError):
    """Bytes and frames could not be turned into each other."""


class UnknownFormatError(CodecError):
    """Neither name nor magic bytes nor extension tells the format."""


class DecodeError(CodecError):
    """The bytes are truncated, damaged or foreign."""


class UnsafeDataError(CodecError):
    """The bytes hold code that would run; they were not loaded."""


class EngineMissingError(CodecError, ImportError):
    """An optional engine for this format is not installed."""


class ConversionError(CrossframeError, ValueError):
    """A value does not fit the type table."""


class UnsupportedTypeError(ConversionError, TypeError):
    """A column has a type outside ``types.csv``."""


class DuplicateColumnError(ConversionError):
    """Two columns have one name, or a name is not text."""


class LossyConversionError(ConversionError):
    """``strict=True`` and a value would not come back unchanged."""


class SchemaMismatchError(ConversionError):
    """Frames to be combined disagree on a column's type."""


class BatchError(CrossframeError):
    """One or more keys of a batch failed.

    Attributes:
        errors: What went wrong, by key.
        loaded: The frames of the keys that did not fail, by name.
        done: The keys that were written all the same, where all or none were to be.
    """

    errors: Mapping[str, CrossframeError] = MappingProxyType({})
    loaded: Mapping[str, Any] = MappingProxyType({})
    done: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        errors: Mapping[str, CrossframeError],
        loaded: Mapping[str, Any],
        *,
        verb: str = "load",
        hint: str | None = 'Say on_error="skip" to have the rest.',
    ) -> BatchError:
        """Tell of every key that failed."""
        told = "\n  ".join(
            f"'{key}': {one.problem} {one.detail or ''}".rstrip() for key, one in errors.items()
        )
        keys = "key" if len(errors) == 1 else "keys"
        error = cls(f"Can't {verb} {len(errors)} {keys}.", told, hint)
        error.errors = errors
        error.loaded = loaded
        return error

    @classmethod
    def of_saving(cls, errors: Mapping[str, CrossframeError], done: Sequence[str]) -> BatchError:
        """Tell that not all was written, and what was."""
        error = cls.of(errors, {}, verb="save", hint=None)
        written = ", ".join(f"'{key}'" for key in done)
        told = f"Written were {written}; the others are as they were." if done else "Nothing was written."
        found = cls(error.problem, f"{error.detail}\n  {told}")
        found.errors, found.done = errors, tuple(done)
        return found


class NoMatchError(BatchError, LookupError):
    """A pattern matches no key."""


class NameClashError(BatchError):
    """Two keys give one name."""
