"""botocore's and urllib3's exceptions as ours: the one place where that is decided."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import urllib3.exceptions
from boto3.exceptions import Boto3Error
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from crossframe.stores.s3_answers import refused
from crossframe.stores.s3_failures import failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossframe.errors import CrossframeError
    from crossframe.stores.s3_request import Request

# Everything the two libraries raise while a request is made and its answer read.
FOREIGN = (
    boto.BotoCoreError,
    boto.ClientError,
    ResponseParserError,
    Boto3Error,
    urllib3.exceptions.HTTPError,
)


@contextlib.contextmanager
def translated(request: Request) -> Iterator[None]:
    """Let no exception of the libraries below pass as it is."""
    try:
        yield
    except FOREIGN as error:
        raise translate(error, request) from error


def translate(error: Exception, request: Request) -> CrossframeError:
    """Return our error for one of theirs."""
    return refused(error, request) if isinstance(error, boto.ClientError) else failed(error, request)
