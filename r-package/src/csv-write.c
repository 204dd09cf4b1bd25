/* R vectors to CSV bytes. */
#include "crossframe.h"
#include "csv.h"

#include <math.h>
#include <string.h>

typedef enum {
  WRITE_LOGICAL,
  WRITE_INTEGER,
  WRITE_DOUBLE,
  WRITE_INTEGER64,
  WRITE_CHARACTER,
  WRITE_FACTOR,
  WRITE_DATE,
  WRITE_TIME,
  WRITE_NAIVE_TIME,
  WRITE_BARE /* text that needs no quotes */
} write_kind;

/* A growing raw vector, so that R frees it whatever happens. */
typedef struct {
  SEXP bytes;
  PROTECT_INDEX index;
  size_t used;
  size_t room;
} output;

static char *reserve(output *out, size_t more) {
  if (out->room - out->used < more) {
    size_t room = out->room * 2 + more;
    SEXP larger = Rf_allocVector(RAWSXP, (R_xlen_t)room);
    memcpy(RAW(larger), RAW(out->bytes), out->used);
    REPROTECT(out->bytes = larger, out->index);
    out->room = room;
  }
  return (char *)RAW(out->bytes) + out->used;
}

static void put_byte(output *out, char c) {
  *reserve(out, 1) = c;
  out->used++;
}

static void put_quoted(output *out, SEXP string) {
  const char *text = CHAR(string), *end = text + LENGTH(string);
  char *to = reserve(out, (size_t)LENGTH(string) * 2 + 2), *start = to;
  *to++ = '"';
  for (;;) {
    const char *quote = memchr(text, '"', (size_t)(end - text));
    size_t length = (size_t)((quote ? quote + 1 : end) - text);
    memcpy(to, text, length);
    to += length;
    if (!quote) break;
    *to++ = '"';
    text = quote + 1;
  }
  *to++ = '"';
  out->used += (size_t)(to - start);
}

typedef struct {
  write_kind kind;
  SEXP levels;
  const int *integers;
  const double *doubles;
  SEXP strings;
  int has_fraction; /* of a second: then every time has nine digits */
  double lost;      /* values that do not come back, and the row of the first, from 1 */
  double first_lost;
} column;

/* Beyond these neither Arrow nor the text has a form. */
static int is_day(double value) { return value == floor(value) && fabs(value) <= 2147483647.0; }

static int is_second(double value) { return fabs(value) < 9223372036854.0; }

static void lose(column *c, R_xlen_t row) {
  if (c->lost == 0) c->first_lost = (double)row + 1;
  c->lost++;
}

static void put_double(output *out, double value) {
  if (R_IsNA(value)) return;
  out->used += csv_format_double(value, reserve(out, CSV_VALUE_ROOM));
}

/* A fraction of a day is lost, the day kept. */
static void put_date(output *out, column *c, R_xlen_t row) {
  double value = c->doubles[row];
  if (R_IsNA(value)) return;
  if (!is_day(value)) lose(c, row);
  value = floor(value);
  if (is_day(value)) out->used += csv_format_date((int64_t)value, reserve(out, CSV_VALUE_ROOM));
}

static void put_time(output *out, column *c, R_xlen_t row) {
  double value = c->doubles[row];
  if (R_IsNA(value)) return;
  if (!is_second(value)) {
    lose(c, row);
    return;
  }
  int64_t seconds;
  int32_t nanoseconds;
  csv_split_seconds(value, &seconds, &nanoseconds);
  if (csv_seconds(seconds, nanoseconds) != value) lose(c, row);
  out->used += csv_format_time(seconds, nanoseconds, c->has_fraction, reserve(out, CSV_VALUE_ROOM));
  if (c->kind == WRITE_TIME) put_byte(out, 'Z');
}

static void put_integer(output *out, int64_t value) {
  out->used += csv_format_integer(value, reserve(out, CSV_VALUE_ROOM));
}

static void put_text(output *out, const char *text, size_t length) {
  memcpy(reserve(out, length), text, length);
  out->used += length;
}

static void put_integer64(output *out, double bits) {
  int64_t value;
  memcpy(&value, &bits, 8);
  if (value != INT64_MIN) put_integer(out, value);
}

static void put_value(output *out, column *c, R_xlen_t row) {
  SEXP string;
  switch (c->kind) {
    case WRITE_LOGICAL:
      if (c->integers[row] == NA_LOGICAL) return;
      if (c->integers[row])
        put_text(out, "true", 4);
      else
        put_text(out, "false", 5);
      return;
    case WRITE_INTEGER:
      if (c->integers[row] != NA_INTEGER) put_integer(out, c->integers[row]);
      return;
    case WRITE_DOUBLE: put_double(out, c->doubles[row]); return;
    case WRITE_INTEGER64: put_integer64(out, c->doubles[row]); return;
    case WRITE_CHARACTER:
      string = STRING_ELT(c->strings, row);
      if (string != NA_STRING) put_quoted(out, string);
      return;
    case WRITE_FACTOR:
      if (c->integers[row] == NA_INTEGER) return;
      string = STRING_ELT(c->levels, c->integers[row] - 1);
      if (string != NA_STRING) put_quoted(out, string);
      return;
    case WRITE_DATE: put_date(out, c, row); return;
    case WRITE_TIME:
    case WRITE_NAIVE_TIME: put_time(out, c, row); return;
    case WRITE_BARE:
      string = STRING_ELT(c->strings, row);
      if (string != NA_STRING) put_text(out, CHAR(string), (size_t)LENGTH(string));
      return;
  }
}

/* Whether a second of the column has a fraction that nanoseconds can say. */
static int has_fraction(const double *values, R_xlen_t n) {
  for (R_xlen_t i = 0; i < n; i++) {
    if (!isfinite(values[i]) || !is_second(values[i]) || values[i] == floor(values[i])) continue;
    return 1;
  }
  return 0;
}

static column describe(SEXP values, const char *kind) {
  static const char *const kinds[] = {"logical", "integer", "double",  "integer64", "character",
                                      "factor",  "date",    "posixct", "naive",     "bare"};
  column c = {.levels = R_NilValue, .strings = R_NilValue};
  for (int i = 0; i < 10; i++) {
    if (strcmp(kind, kinds[i]) == 0) c.kind = (write_kind)i;
  }
  if (TYPEOF(values) == LGLSXP) c.integers = LOGICAL(values);
  if (TYPEOF(values) == INTSXP) c.integers = INTEGER(values);
  if (TYPEOF(values) == REALSXP) c.doubles = REAL(values);
  if (TYPEOF(values) == STRSXP) c.strings = values;
  if (c.kind == WRITE_FACTOR) c.levels = Rf_getAttrib(values, R_LevelsSymbol);
  if (c.kind == WRITE_TIME || c.kind == WRITE_NAIVE_TIME)
    c.has_fraction = has_fraction(c.doubles, XLENGTH(values));
  return c;
}

static void put_header(output *out, SEXP names, char between) {
  for (R_xlen_t i = 0; i < XLENGTH(names); i++) {
    if (i > 0) put_byte(out, between);
    put_quoted(out, STRING_ELT(names, i));
  }
  put_byte(out, '\n');
}

static SEXP finished(const output *out) {
  SEXP bytes = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)out->used));
  memcpy(RAW(bytes), RAW(out->bytes), out->used);
  UNPROTECT(1);
  return bytes;
}

/* list(data, lost, first): CSV of the columns, and for each the number of values that do not come
   back and the first row with one.
   columns: list of plain vectors (dates and times as doubles, text as UTF-8), kinds: character;
   see `describe`; names: UTF-8; separator: one byte. */
SEXP cf_csv_write(SEXP columns, SEXP kinds, SEXP names, SEXP separator) {
  const char between = CHAR(STRING_ELT(separator, 0))[0];
  R_xlen_t count = XLENGTH(columns), rows = count > 0 ? XLENGTH(VECTOR_ELT(columns, 0)) : 0;
  column *described = (column *)R_alloc((size_t)count + 1, sizeof *described);
  for (R_xlen_t i = 0; i < count; i++) {
    described[i] = describe(VECTOR_ELT(columns, i), CHAR(STRING_ELT(kinds, i)));
  }
  output out = {.room = 1024 + (size_t)rows * (size_t)count * 8};
  out.bytes = Rf_allocVector(RAWSXP, (R_xlen_t)out.room);
  PROTECT_WITH_INDEX(out.bytes, &out.index);
  put_header(&out, names, between);
  for (R_xlen_t row = 0; count > 0 && row < rows; row++) {
    for (R_xlen_t i = 0; i < count; i++) {
      if (i > 0) put_byte(&out, between);
      put_value(&out, &described[i], row);
    }
    put_byte(&out, '\n');
  }
  SEXP result = PROTECT(Rf_allocVector(VECSXP, 3));
  SET_VECTOR_ELT(result, 0, finished(&out));
  SEXP lost = Rf_allocVector(REALSXP, count);
  SET_VECTOR_ELT(result, 1, lost);
  SEXP first = Rf_allocVector(REALSXP, count);
  SET_VECTOR_ELT(result, 2, first);
  for (R_xlen_t i = 0; i < count; i++) {
    REAL(lost)[i] = described[i].lost;
    REAL(first)[i] = described[i].first_lost;
  }
  UNPROTECT(2);
  return result;
}
