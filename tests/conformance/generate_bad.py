"""Writes ``tests/conformance/bad``: bytes that must not load, made by hand, and the error each must raise.

Nothing here asks R: a writer that can write anything is what an attacker has. Payloads that
would run create the file ``crossframe-was-here`` in the working folder; it must never be there.

Source: R Internals, section 1.8 (Serialization Formats); ReadItem() in serialize.c (R 4.2).
"""

from __future__ import annotations

import gzip
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "bad"
MARKER = "crossframe-was-here"

# Types and flags of items.
SYM, PAIR, CLO, ENV, PROM, LANG, SPECIAL, BUILTIN, CHAR = 1, 2, 3, 4, 5, 6, 7, 8, 9
LGL, INT, REAL, CPLX, STR, DOT, VEC, EXPR, BCODE, EXTPTR, RAW, S4 = (
    10,
    13,
    14,
    15,
    16,
    17,
    19,
    20,
    21,
    22,
    24,
    25,
)
ALTREP, ATTRLANG, PERSIST, PACKAGE, NAMESPACE, BASENAMESPACE = 238, 240, 247, 248, 249, 250
MISSING, UNBOUND, GLOBAL, NIL, REF = 251, 252, 253, 254, 255
OBJECT, ATTR, TAG = 1 << 8, 1 << 9, 1 << 10
ASCII_TEXT = 64 << 12


def word(*values: int) -> bytes:
    return struct.pack(f">{len(values)}i", *values)


def char(text: str) -> bytes:
    return word(CHAR | ASCII_TEXT, len(text)) + text.encode()


def symbol(name: str) -> bytes:
    return word(SYM) + char(name)


def pairs(entries: dict[str, bytes], first: int = PAIR) -> bytes:
    """Return a pairlist: flags, tag, value, then the next cell."""
    out = b""
    for position, (name, value) in enumerate(entries.items()):
        out += word((first if position == 0 else PAIR) | TAG) + symbol(name) + value
    return out + word(NIL)


def item(kind: int, body: bytes, attributes: dict[str, bytes] | None = None) -> bytes:
    """Return flags, body, attributes."""
    if not attributes:
        return word(kind) + body
    flags = kind | ATTR | (OBJECT if "class" in attributes else 0)
    return word(flags) + body + pairs(attributes)


def integers(*values: int, attributes: dict[str, bytes] | None = None) -> bytes:
    return item(INT, word(len(values), *values), attributes)


def doubles(*values: float, attributes: dict[str, bytes] | None = None) -> bytes:
    return item(REAL, word(len(values)) + struct.pack(f">{len(values)}d", *values), attributes)


def strings(*texts: str, attributes: dict[str, bytes] | None = None) -> bytes:
    return item(STR, word(len(texts)) + b"".join(map(char, texts)), attributes)


def listed(*values: bytes, attributes: dict[str, bytes] | None = None) -> bytes:
    return item(VEC, word(len(values)) + b"".join(values), attributes)


def frame(columns: dict[str, bytes], rows: int = 1, **attributes: bytes) -> bytes:
    """Return a data frame."""
    own = {
        "names": strings(*columns),
        "class": strings("data.frame"),
        "row.names": integers(-(2**31), -rows),
    }
    return listed(*columns.values(), attributes=own | attributes)


def call(name: str, *arguments: bytes) -> bytes:
    cells = b"".join(word(PAIR) + one for one in arguments)
    return word(LANG) + symbol(name) + cells + word(NIL)


def altrep(name: str, package: str, kind: int, state: bytes, attributes: bytes | None = None) -> bytes:
    info = word(PAIR) + symbol(name) + word(PAIR) + symbol(package) + word(PAIR) + integers(kind) + word(NIL)
    return word(ALTREP) + info + state + (word(NIL) if attributes is None else attributes)


def named(kind: int, name: str) -> bytes:
    """Return a namespace, package or persistent reference: a vector of names without its type."""
    return word(kind, 0, 1) + char(name)


def environment(bindings: bytes) -> bytes:
    return word(ENV, 0, GLOBAL) + bindings + word(NIL, NIL)


HEADER = b"X\n" + word(3, 0x40202, 0x30500, 5) + b"UTF-8"
PAYLOAD = call("file.create", strings(MARKER))
CLOSURE = word(CLO | TAG, GLOBAL, NIL) + PAYLOAD
PROMISE = word(PROM | TAG, GLOBAL, UNBOUND) + PAYLOAD
ACTIVE = environment(word(PAIR | TAG | 1 << 27) + symbol("x") + CLOSURE + word(NIL))
FORMULA = {"class": strings("formula")}


def rds(root: bytes) -> bytes:
    return HEADER + root


def column(value: bytes) -> bytes:
    return rds(frame({"x": value}))


def nested(depth: int, before: bytes, core: bytes, after: bytes = b"") -> bytes:
    return gzip.compress(rds(before * depth + core + after * depth), mtime=0)


def formula(attributes: bytes, inner: bytes) -> bytes:
    """Return ``~ inner``; attributes of a call come first."""
    return word(LANG | OBJECT | ATTR) + attributes + symbol("~") + word(PAIR) + inner + word(NIL)


@dataclass
class Vectors:
    """The files made so far.

    Attributes:
        rows: What index.json lists.
    """

    rows: list[dict[str, str | None]] = field(default_factory=list)

    def add(self, file: str, data: bytes, error: str, why: str, **other: str | None) -> None:
        (FOLDER / file).write_bytes(data)
        self.rows.append({"file": file, "why": why, "error": error, **other})


def add_truncated(v: Vectors) -> None:
    whole = rds(frame({"x": doubles(1, 2), "s": strings("a", "bc"), "f": integers(1, 2)}, rows=2))
    points = {
        "nothing": (0, "no byte at all"),
        "magic": (1, "within the first line"),
        "header": (9, "within the header"),
        "encoding": (20, "within the native encoding's name"),
        "root": (27, "after the flags of the frame"),
        "doubles": (whole.index(struct.pack(">d", 2.0)), "within a column of doubles"),
        "string": (whole.index(b"bc") + 1, "within a text"),
        "attributes": (whole.index(b"row.names"), "within the attributes"),
        "last": (len(whole) - 1, "the last byte is missing"),
    }
    for name, (size, why) in points.items():
        v.add(f"truncated_{name}.rds", whole[:size], "decode", f"truncated: {why}")
    packed = gzip.compress(whole, mtime=0)
    v.add("truncated_gzip.rds", packed[:-20], "decode", "truncated: the gzip stream ends early")
    broken = packed[:-5] + bytes([packed[-5] ^ 1]) + packed[-4:]
    v.add("damaged_gzip.rds", broken, "decode", "the gzip checksum does not fit")
    objects = b"RDX3\n" + HEADER + pairs({"d": frame({"x": doubles(1)})})
    v.add("truncated.RData", objects[:-1], "decode", "truncated: an RData without its last byte")
    text = b"A\n3\n262658\n197888\n5\nUTF-8\n531\n1\n14\n2\n1.5\n"
    v.add("truncated_ascii.rds", text, "decode", "truncated: ASCII that ends within a column")
    v.add("word_ascii.rds", text + b"seven\n", "decode", "a word in ASCII where a number is due")


def add_foreign(v: Vectors) -> None:
    v.add(
        "magic_unknown.rds", b"Z" + HEADER[1:] + word(NIL), "decode", "a first letter that R does not write"
    )
    v.add("text.rds", b"x,y\n1,2\n", "decode", "a CSV under another name")
    v.add("header_only.rds", HEADER, "decode", "a header and nothing behind it")
    for version in (0, 1, 4, -1):
        data = b"X\n" + word(version, 0x40202, 0x30500, 5) + b"UTF-8" + word(NIL)
        v.add(f"version_{version}.rds", data, "decode", f"serialization version {version}")
    for name, size in (("negative", -1), ("long", 2**31 - 1)):
        data = b"X\n" + word(3, 0x40202, 0x30500, size) + b"UTF-8" + word(NIL)
        v.add(f"encoding_{name}.rds", data, "decode", f"a native encoding's name of {size} bytes")
    v.add("no_pairlist.RData", b"RDX3\n" + HEADER + integers(1), "decode", "an RData of a number")
    v.add("header_unknown.RData", b"RDX9\n" + HEADER + word(NIL), "decode", "an RData of another version")


def add_lengths(v: Vectors) -> None:
    three = struct.pack(">3d", 1, 2, 3)
    v.add(
        "length_doubles.rds", column(word(REAL, 2**31 - 16) + three), "decode", "claims 16 GB, holds 24 bytes"
    )
    v.add("length_long.rds", column(word(REAL, -1, 2**16, 0) + three), "decode", "a long vector of 2^48")
    v.add("length_longest.rds", column(word(REAL, -1, -1, -1) + three), "decode", "a long vector of 2^64 - 1")
    for kind, name in (
        (LGL, "logicals"),
        (INT, "integers"),
        (STR, "strings"),
        (VEC, "list"),
        (RAW, "raw"),
        (CPLX, "complex"),
    ):
        data = column(word(kind, 2**31 - 1) + three)
        v.add(f"length_{name}.rds", data, "decode", f"{name}: claims 2^31 - 1")
        v.add(f"negative_{name}.rds", column(word(kind, -2) + three), "decode", f"{name}: a negative length")
    v.add(
        "length_text.rds", column(word(STR, 1, CHAR, 2**31 - 1) + three), "decode", "a text that claims 2 GB"
    )
    v.add("negative_text.rds", column(word(STR, 1, CHAR, -2) + three), "decode", "a text of negative length")
    symbols = word(VEC | ATTR, 0, PAIR | TAG, SYM, CHAR, 2**31 - 1)
    v.add("length_symbol.rds", rds(symbols), "decode", "a symbol that claims 2 GB")
    v.add("no_text.rds", column(word(STR, 1, INT, 1, 1)), "decode", "a number where a text is due")
    ascii_claim = b"A\n3\n262658\n197888\n5\nUTF-8\n14\n2147483647\n1\n"
    v.add("length_ascii.rds", ascii_claim, "decode", "ASCII that claims 2^31 - 1 numbers")


def add_structure(v: Vectors) -> None:
    for index in (0, 1, 1000, 2**23 - 1):
        data = column(word(REF | index << 8) if index else word(REF, 0))
        v.add(f"reference_{index}.rds", data, "decode", f"reference {index} of none")
    v.add("reference_negative.rds", column(word(REF, -1)), "decode", "a negative reference")
    tag = word(VEC | ATTR, 0, PAIR | TAG) + integers(1) + integers(1) + word(NIL)
    v.add("tag_no_symbol.rds", rds(tag), "decode", "a tag that is a number")
    v.add(
        "attributes_no_pairlist.rds",
        rds(word(VEC | ATTR, 0) + integers(1)),
        "decode",
        "attributes that are a number",
    )
    v.add(
        "pairlist_tail.rds",
        rds(word(PAIR) + integers(1) + doubles(1)),
        "decode",
        "a pairlist that ends in a number",
    )
    v.add("missing_argument.rds", column(word(MISSING)), "decode", "a missing argument outside a call")
    v.add("type_unknown.rds", column(word(99)), "decode", "a type that does not exist")
    v.add("type_generic_reference.rds", column(word(245)), "decode", "a type that R gave up")
    deep = 20_000
    v.add("deep_lists.rds", nested(deep, word(VEC, 1), word(NIL)), "decode", f"lists nested {deep} deep")
    v.add(
        "deep_pairlists.rds",
        nested(deep, word(PAIR), word(NIL), word(NIL)),
        "decode",
        f"pairlists nested {deep} deep",
    )
    attributes = word(VEC | ATTR, 0, PAIR | TAG) + symbol("a")
    v.add(
        "deep_attributes.rds",
        nested(deep, attributes, word(NIL), word(NIL)),
        "decode",
        f"attributes nested {deep} deep",
    )
    calls = (word(LANG) + symbol("f") + word(PAIR)) * deep + word(NIL) * (deep + 1)
    data = column(formula(pairs(FORMULA | {".Environment": word(GLOBAL)}), calls))
    why = f"calls nested {deep} deep, in a formula"
    v.add("deep_calls.rds", gzip.compress(data, mtime=0), "decode", why)
    info = (
        word(PAIR)
        + symbol("wrap_list")
        + word(PAIR)
        + symbol("base")
        + word(PAIR)
        + integers(VEC)
        + word(NIL)
    )
    wrapped = word(ALTREP) + info + word(PAIR)
    tail = integers(0, 0) + word(NIL)
    v.add(
        "deep_wrapped.rds",
        nested(deep, wrapped, listed(), tail),
        "decode",
        f"wrapped vectors nested {deep} deep",
    )
    many = b"".join(word(PAIR) + word(NIL) for _ in range(100_000)) + word(NIL)
    v.add(
        "pairlist_long.rds",
        gzip.compress(column(many), mtime=0),
        "unsupported_type",
        "a column that is a pairlist of 100,000 cells: no stack may end over it; R's own reader recurses",
        r="decode",
    )


def add_altrep(v: Vectors) -> None:
    long = 2.0**40
    v.add(
        "altrep_intseq_long.rds",
        column(altrep("compact_intseq", "base", INT, doubles(long, 1, 1))),
        "decode",
        "a compact sequence of 2^40 integers",
    )
    v.add(
        "altrep_realseq_long.rds",
        column(altrep("compact_realseq", "base", REAL, doubles(long, 1, 1))),
        "decode",
        "a compact sequence of 2^40 doubles; in R it is a column too long for its frame",
    )
    two = altrep("compact_intseq", "base", INT, doubles(2.0**27 + 1, 1, 1))
    v.add(
        "altrep_intseq_many.rds",
        rds(listed(two, two, two)),
        "decode",
        "compact sequences that are too long together; R keeps them compact",
        r=None,
    )
    for name, state in {
        "fraction": (1.5, 1, 1),
        "negative": (-1, 1, 1),
        "step": (3, 1, 2),
        "nan": (float("nan"), 1, 1),
        "overflow": (10, 2**31 - 5, 1),
    }.items():
        v.add(
            f"altrep_intseq_{name}.rds",
            column(altrep("compact_intseq", "base", INT, doubles(*state))),
            "decode",
            f"a compact sequence of {state}",
        )
    v.add(
        "altrep_intseq_state.rds",
        column(altrep("compact_intseq", "base", INT, doubles(1, 1))),
        "decode",
        "a compact sequence without its step",
    )
    v.add(
        "altrep_no_class.rds", column(word(ALTREP, NIL, NIL, NIL)), "decode", "an ALTREP form without a class"
    )
    v.add(
        "altrep_deferred_no_source.rds",
        column(altrep("deferred_string", "base", STR, word(NIL))),
        "decode",
        "a deferred text without its numbers",
    )
    source = word(PAIR) + strings("a") + integers(0)
    v.add(
        "altrep_deferred_source.rds",
        column(altrep("deferred_string", "base", STR, source)),
        "decode",
        "a deferred text of texts",
    )
    wrapped = word(PAIR) + strings("a") + integers(0, 0)
    v.add(
        "altrep_wrapped_type.rds",
        column(altrep("wrap_real", "base", REAL, wrapped)),
        "decode",
        "wrapped doubles that are texts",
    )
    v.add(
        "altrep_type.rds",
        column(altrep("compact_intseq", "base", STR, doubles(1, 1, 1))),
        "decode",
        "a compact sequence that claims to be texts: R looks that up beyond a table's end",
    )
    v.add(
        "altrep_foreign.rds",
        column(altrep("anything", "tcltk", INT, word(NIL))),
        "unsafe_data",
        "an ALTREP class of a package, which would be loaded",
    )
    state = listed(strings("/etc/passwd"), doubles(16), integers(INT, 0, 0, 0))
    v.add(
        "altrep_mmap.rds",
        column(altrep("mmap_integer", "base", INT, state)),
        "unsafe_data",
        "a base ALTREP class that maps a file of this machine",
    )


def add_greedy(v: Vectors) -> None:
    """Few bytes that ask for much memory, and what fuzzing found."""
    many = 250_000
    claims = word(VEC, many) * 4_000 + word(NIL) * many
    why = f"4,000 lists in each other, each of which claims the same {many} elements"
    v.add("claims_nested.rds", gzip.compress(rds(claims), mtime=0), "decode", why)
    sequence = altrep("compact_intseq", "base", INT, doubles(2.0**26, 1, 1))
    deferred = altrep("deferred_string", "base", STR, word(PAIR) + sequence + integers(0))
    why = "a deferred text of a compact sequence of 2^26 integers; R keeps it compact"
    v.add("altrep_deferred_long.rds", rds(listed(deferred)), "decode", why, r=None)
    pointer = word(EXTPTR | ATTR, NIL, NIL) + listed(integers(1))
    v.add("pointer_attributes.rds", column(pointer), "decode", "a pointer whose attributes are a list")
    names = listed(doubles(1), doubles(2), attributes={"names": strings("a")})
    v.add(
        "list_names_few.rds", rds(names), "decode", "fewer names than elements; R holds such a list", r=None
    )
    missing = formula(pairs(FORMULA | {".Environment": word(MISSING)}), integers(1))
    why = "a formula whose environment is a missing argument"
    v.add("code_formula_missing.rds", column(missing), "unsafe_data", why)


def add_code(v: Vectors) -> None:
    everywhere = {
        "promise": (PROMISE, "a promise, which runs when it is looked at"),
        "closure": (CLOSURE, "a function"),
        "call": (PAYLOAD, "a call"),
        "environment": (environment(pairs({"x": integers(1)})), "an environment with a binding"),
        "active_binding": (ACTIVE, "an environment whose binding runs when looked at"),
        "namespace": (named(NAMESPACE, "tcltk"), "a namespace, which would be loaded"),
        "package": (named(PACKAGE, "package:tcltk"), "a package, which would be attached"),
        "persistent": (named(PERSIST, "x"), "a persistent reference"),
        "base_namespace": (word(BASENAMESPACE), "base's namespace"),
        "builtin": (word(BUILTIN, 6) + b"system", "a built-in function"),
        "special": (word(SPECIAL, 5) + b"quote", "a special function"),
        "dots": (word(DOT) + PROMISE + word(NIL), "a '...' of promises"),
        "expression": (word(EXPR, 1) + PAYLOAD, "an expression vector"),
        "bytecode": (word(BCODE, 1) + integers(1) + word(0), "byte code"),
        "attributed_call": (word(ATTRLANG, NIL) + symbol("q") + word(NIL), "a call as byte code writes it"),
        "formula_environment": (
            formula(pairs(FORMULA | {".Environment": environment(word(NIL))}), integers(1)),
            "a formula with an environment of its own",
        ),
        "formula_no_environment": (formula(pairs(FORMULA), PAYLOAD), "a formula without an environment"),
        "formula_promise": (
            formula(pairs(FORMULA | {".Environment": word(GLOBAL)}), PROMISE),
            "a promise within a formula",
        ),
    }
    for name, (value, why) in everywhere.items():
        v.add(f"code_{name}.rds", rds(value), "unsafe_data", f"{why}: the whole value")
        v.add(f"code_{name}_column.rds", column(value), "unsafe_data", f"{why}: a column")
        hidden = integers(1, attributes={"label": listed(value)})
        v.add(
            f"code_{name}_attribute.rds", column(hidden), "unsafe_data", f"{why}: within a column's attribute"
        )
    objects = b"RDX3\n" + HEADER + pairs({"d": frame({"x": doubles(1)}), "e": PROMISE})
    v.add("code_promise.RData", objects, "unsafe_data", "a promise: an object beside a frame")
    v.add(
        "code_promise_row_names.rds",
        rds(frame({"x": doubles(1)}, **{"row.names": PROMISE})),
        "unsafe_data",
        "a promise: the row names",
    )
    v.add(
        "code_promise_tail.rds",
        rds(word(PAIR) + integers(1) + PROMISE),
        "unsafe_data",
        "a promise: the tail of a pairlist",
    )
    two = b"X\n" + word(2, 0x40202, 0x20300) + frame({"x": PROMISE})
    v.add("code_promise.v2.rds", two, "unsafe_data", "a promise: in version 2")
    v.add(
        "code_promise.gz.rds", gzip.compress(column(PROMISE), mtime=0), "unsafe_data", "a promise: compressed"
    )


def add_frames(v: Vectors) -> None:
    levels = {"levels": strings("a", "b"), "class": strings("factor")}
    for code in (3, 0, -1):
        name = f"factor_code_{code}.rds".replace("-", "minus_")
        v.add(name, column(integers(code, attributes=levels)), "decode", f"factor code {code} of 2 levels")
    twice = levels | {"levels": strings("a", "a")}
    v.add("factor_level_twice.rds", column(integers(1, attributes=twice)), "decode", "two levels of one text")
    no_levels = {"class": strings("factor")}
    v.add(
        "factor_no_levels.rds", column(integers(1, attributes=no_levels)), "decode", "a factor without levels"
    )
    v.add("factor_doubles.rds", column(doubles(1, attributes=levels)), "decode", "a factor of doubles")
    v.add(
        "columns_unequal.rds",
        rds(frame({"x": doubles(1, 2), "y": doubles(1)}, rows=2)),
        "decode",
        "columns that differ in length",
    )
    v.add(
        "columns_no_rows.rds", rds(frame({"x": doubles(1, 2)}, rows=3)), "decode", "more row names than rows"
    )
    v.add(
        "column_frame_rows.rds",
        column(frame({"y": doubles(1)}, rows=2)),
        "decode",
        "a data frame as a column, with more row names than rows",
    )
    v.add(
        "column_matrix_dim.rds",
        column(integers(1, 2, attributes={"dim": integers(1, 200)})),
        "decode",
        "a matrix whose dim says more than it holds",
    )
    v.add(
        "names_few.rds",
        rds(frame({"x": doubles(1), "y": doubles(1)}, names=strings("x"))),
        "decode",
        "fewer names than columns",
    )
    v.add("names_none.rds", rds(frame({"x": doubles(1)}, names=word(NIL))), "decode", "columns without names")
    in_r = {"r": None}
    v.add(
        "names_twice.rds",
        rds(frame({"x": doubles(1), "y": doubles(1)}, names=strings("x", "x"))),
        "duplicate_column",
        "two columns of one name; R holds such a frame",
        **in_r,
    )
    classes = {"date": "Date", "posixct": "POSIXct", "integer64": "integer64"}
    for name, own in classes.items():
        data = column(strings("a", attributes={"class": strings(own)}))
        v.add(
            f"{name}_of_text.rds",
            data,
            "unsupported_type",
            f"a {own} of texts; R holds such a column",
            **in_r,
        )
    units = {"class": strings("difftime"), "units": strings("fortnights")}
    v.add(
        "difftime_units.rds",
        column(doubles(1, attributes=units)),
        "unsupported_type",
        "a difftime in units unknown; R holds such a column",
        **in_r,
    )
    no_rows = {
        "null": word(NIL),
        "s4": word(S4 | OBJECT | ATTR) + pairs({"class": strings("thing")}),
        "posixlt": listed(doubles(1), attributes={"class": strings("POSIXlt", "POSIXt")}),
        "pairlist": pairs({"a": integers(1)}),
        "symbol": symbol("a"),
    }
    for name, value in no_rows.items():
        v.add(
            f"column_{name}.rds",
            column(value),
            "unsupported_type",
            f"a column outside the type table: {name}",
            **({"r": "decode"} if name == "null" else in_r),
        )


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        if path.suffix != ".md":
            path.unlink()
    vectors = Vectors()
    for add in (
        add_truncated,
        add_foreign,
        add_lengths,
        add_structure,
        add_altrep,
        add_greedy,
        add_code,
        add_frames,
    ):
        add(vectors)
    text = ",\n".join(json.dumps(row) for row in sorted(vectors.rows, key=lambda row: str(row["file"])))
    (FOLDER / "index.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
