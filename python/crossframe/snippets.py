"""The lines that load a file in R and Python, or bring one to a link."""

from __future__ import annotations

import json

from crossframe.extensions import FORMATS, split_extensions

Lines = dict[str, str]


def loading(where: str, name: str, format: str | None = None) -> Lines:
    """Return the lines that load an object, or fetch it as it is.

    Args:
        where: Its URI, path or link.
        name: Its last segment.
        format: Its format, where the content was looked at; by default what the extension says.
    """
    link = where.startswith(("http:", "https:"))
    shell = f"curl --output {_shell(name)} {_shell(where)}" if link else f"crossframe cp {_shell(where)} ."
    if (format or split_extensions(name).format) not in FORMATS:
        return {
            "R": f"crossframe::cf_download({_quoted(where)}, {_quoted(name)})",
            "Python": f"import crossframe as cf\ncf.download({_quoted(where)}, {_quoted(name)})",
            "Shell": shell,
        }
    return {
        "R": f"d <- crossframe::cf_load({_quoted(where)})",
        "Python": f"import crossframe as cf\nd = cf.load({_quoted(where)})",
        "Shell": shell,
    }


def uploading(link: str, name: str) -> Lines:
    """Return the lines that upload to a link."""
    return {
        "Shell": f"curl --upload-file {_shell(name)} {_shell(link)}",
        "R": f"curl::curl_upload({_quoted(name)}, {_quoted(link)})",
        "Python": (
            "import pathlib, urllib.request\n"
            f"data = pathlib.Path({_quoted(name)}).read_bytes()\n"
            f"request = urllib.request.Request({_quoted(link)}, data, method='PUT')\n"
            "urllib.request.urlopen(request).close()"
        ),
    }


def _quoted(text: str) -> str:
    """Return a text as a literal that R and Python read the same."""
    return json.dumps(text, ensure_ascii=False)


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
