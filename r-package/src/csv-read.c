/* CSV bytes to R vectors, in two steps: an index of where each cell begins, then one column at a time. */
#include "crossframe.h"
#include "csv.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const int64_t NA_INTEGER64 = INT64_MIN;

typedef struct {
  const char *start; /* of the text, behind a byte order mark */
  const char *end;
  char separator;
} csv_text;

static csv_text text_of(SEXP bytes, SEXP separator) {
  const char *start = (const char *)RAW(bytes), *end = start + XLENGTH(bytes);
  if (end - start >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) start += 3;
  return (csv_text){start, end, CHAR(STRING_ELT(separator, 0))[0]};
}

static SEXP named(int n, const char *const *names, SEXP *values) {
  SEXP list = PROTECT(Rf_allocVector(VECSXP, n));
  SEXP list_names = PROTECT(Rf_allocVector(STRSXP, n));
  for (int i = 0; i < n; i++) {
    SET_VECTOR_ELT(list, i, values[i]);
    SET_STRING_ELT(list_names, i, Rf_mkChar(names[i]));
  }
  Rf_setAttrib(list, R_NamesSymbol, list_names);
  UNPROTECT(2);
  return list;
}

/* ---- the index */

static size_t line_of(const char *start, const char *at) {
  size_t line = 1;
  for (const char *p = start; (p = memchr(p, '\n', (size_t)(at - p))) != NULL; p++) line++;
  return line;
}

/* list(problem, line): what is wrong and in which line, from 1. */
static SEXP index_problem(const csv_text *csv, const char *what, const char *at) {
  static const char *const names[] = {"problem", "line"};
  SEXP problem = PROTECT(Rf_mkString(what));
  SEXP line = PROTECT(Rf_ScalarReal((double)line_of(csv->start, at)));
  SEXP values[] = {problem, line};
  SEXP list = named(2, names, values);
  UNPROTECT(2);
  return list;
}

static SEXP cell_string(const csv_cell *cell, char *room) {
  if (!cell->escaped) return Rf_mkCharLenCE(cell->text, (int)cell->length, CE_UTF8);
  return Rf_mkCharLenCE(room, (int)csv_unescape(cell, room), CE_UTF8);
}

static size_t count_fields(const csv_text *csv, const char *at, csv_end *last) {
  size_t count = 0;
  csv_cell cell;
  do {
    *last = csv_next(&at, csv->end, csv->separator, &cell);
    count++;
  } while (*last == CSV_SEPARATOR);
  return count;
}

/* The header's names; *at moves behind it. Needs as much room as the longest name. */
static SEXP read_names(const csv_text *csv, const char **at, size_t count) {
  SEXP names = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)count));
  csv_cell cell;
  for (size_t i = 0; i < count; i++) {
    csv_next(at, csv->end, csv->separator, &cell);
    char *room = cell.escaped ? R_alloc(cell.length + 1, 1) : NULL;
    SET_STRING_ELT(names, (R_xlen_t)i, cell_string(&cell, room));
  }
  UNPROTECT(1);
  return names;
}

static size_t count_lines(const char *p, const char *end) {
  size_t lines = 1;
  for (; p < end; p++) lines += *p == '\n' || *p == '\r';
  return lines;
}

/* Fills `starts` with the offset of each cell; NULL, or what is wrong at *at. */
static const char *index_cells(const csv_text *csv, const char **at, size_t columns, uint64_t *starts,
                               size_t *rows) {
  csv_cell cell;
  size_t filled = 0;
  while (*at < csv->end) {
    const char *record = *at;
    if (columns != 1 && (*record == '\n' || *record == '\r')) {
      csv_next(at, csv->end, csv->separator, &cell);
      continue;
    }
    csv_end last = CSV_SEPARATOR;
    for (size_t i = 0; last == CSV_SEPARATOR; i++) {
      if (i == columns) {
        *at = record;
        return columns == 0 ? "a record follows a header without columns"
                            : "a record has more fields than the header";
      }
      starts[filled++] = (uint64_t)(*at - csv->start);
      last = csv_next(at, csv->end, csv->separator, &cell);
      if (last == CSV_UNCLOSED) return "a quote is never closed";
      if (cell.length > INT_MAX) return "a field is longer than R's text can be";
      if (last != CSV_SEPARATOR && i + 1 < columns) {
        *at = record;
        return "a record has fewer fields than the header";
      }
    }
    (*rows)++;
  }
  return NULL;
}

static const char *not_text(const csv_text *csv, const char **at) {
  size_t size = (size_t)(csv->end - csv->start);
  *at = csv->start;
  if (size == 0) return "there is no byte, so no header";
  *at = memchr(csv->start, 0, size);
  if (*at) return "there is a NUL byte";
  *at = csv_not_utf8(csv->start, size);
  return *at ? "the text is not UTF-8" : NULL;
}

/* list(names, shape = c(rows, columns), starts), or list(problem, line). */
SEXP cf_csv_index(SEXP bytes, SEXP separator) {
  static const char *const fields[] = {"names", "shape", "starts"};
  csv_text csv = text_of(bytes, separator);
  const char *at;
  const char *problem = not_text(&csv, &at);
  if (problem) return index_problem(&csv, problem, at ? at : csv.start);
  at = csv.start;
  csv_end last;
  size_t columns = 0, rows = 0;
  if (*at == '\n' || *at == '\r') { /* no columns: an empty header */
    csv_cell cell;
    csv_next(&at, csv.end, csv.separator, &cell);
  } else {
    columns = count_fields(&csv, at, &last);
    if (last == CSV_UNCLOSED) return index_problem(&csv, "a quote is never closed", at);
  }
  SEXP names = PROTECT(read_names(&csv, &at, columns));
  /* A cell takes a byte or more, its end; so the text bounds the index too. */
  double most = (double)count_lines(at, csv.end) * (double)columns;
  size_t left = (size_t)(csv.end - at) + 1;
  size_t room = most < (double)left ? (size_t)most : left;
  SEXP starts = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)(room * 8 + 8)));
  problem = index_cells(&csv, &at, columns, (uint64_t *)RAW(starts), &rows);
  if (problem) {
    UNPROTECT(2);
    return index_problem(&csv, problem, at);
  }
  SEXP shape = PROTECT(Rf_allocVector(REALSXP, 2));
  REAL(shape)[0] = (double)rows;
  REAL(shape)[1] = (double)columns;
  SEXP values[] = {names, shape, starts};
  SEXP list = named(3, fields, values);
  UNPROTECT(3);
  return list;
}

/* ---- cells of a column */

typedef struct {
  csv_text csv;
  const uint64_t *starts;
  R_xlen_t rows;
  R_xlen_t columns;
  R_xlen_t column;
  int na_is_missing; /* an unquoted NA too */
} csv_column;

static csv_column column_of(SEXP bytes, SEXP index, SEXP column, SEXP separator, int na_is_missing) {
  SEXP shape = VECTOR_ELT(index, 1);
  return (csv_column){text_of(bytes, separator),       (const uint64_t *)RAW(VECTOR_ELT(index, 2)),
                      (R_xlen_t)REAL(shape)[0],        (R_xlen_t)REAL(shape)[1],
                      (R_xlen_t)Rf_asReal(column) - 1, na_is_missing};
}

/* 0 where the cell is missing. */
static int get_cell(const csv_column *c, R_xlen_t row, csv_cell *cell) {
  const char *at = c->csv.start + c->starts[row * c->columns + c->column];
  csv_next(&at, c->csv.end, c->csv.separator, cell);
  if (cell->quoted) return 1;
  if (cell->length == 0) return 0;
  return !(c->na_is_missing && cell->length == 2 && memcmp(cell->text, "NA", 2) == 0);
}

/* The text that types are looked for in; an escaped cell is no number. */
static void trim(csv_cell *cell) {
  while (cell->length > 0 && (*cell->text == ' ' || *cell->text == '\t')) cell->text++, cell->length--;
  while (cell->length > 0 && strchr(" \t", cell->text[cell->length - 1])) cell->length--;
}

/* ---- which type */

enum {
  FITS_LOGICAL = 1,
  FITS_INTEGER = 2,
  FITS_INTEGER64 = 4,
  FITS_DOUBLE = 8,
  FITS_DATE = 16,
  FITS_ZONED = 32,
  FITS_NAIVE = 64,
  FITS_ALL = 127
};

/* 0001-01-01 to 9999-12-31, written with four digits. */
static int is_common_year(const char *text, int64_t days) {
  return text[4] == '-' && days >= -719162 && days <= 2932896;
}

static int number_fits(const csv_cell *cell) {
  int64_t whole;
  double number;
  if (csv_parse_integer(cell->text, cell->length, &whole)) {
    int small = whole >= -INT_MAX && whole <= INT_MAX;
    return FITS_DOUBLE | FITS_INTEGER64 | (small ? FITS_INTEGER : 0);
  }
  return csv_parse_double(cell->text, cell->length, &number) ? FITS_DOUBLE : 0;
}

static int time_fits(const csv_cell *cell) {
  int64_t seconds;
  int32_t nanoseconds;
  int zone;
  if (cell->length < 10 || !csv_parse_time(cell->text, cell->length, &seconds, &nanoseconds, &zone)) return 0;
  int64_t days;
  if (!csv_parse_date(cell->text, 10, &days) || !is_common_year(cell->text, days)) return 0;
  if (zone == CSV_BARE_DATE) return FITS_DATE | FITS_NAIVE;
  return zone == CSV_ZONE ? FITS_ZONED : FITS_NAIVE;
}

static int cell_fits(const csv_cell *cell) {
  int truth;
  if (cell->length == 0 || cell->escaped) return 0;
  if (csv_parse_logical(cell->text, cell->length, &truth)) return FITS_LOGICAL;
  int fits = number_fits(cell);
  return fits ? fits : time_fits(cell);
}

static const char *first_type(int fits) {
  if (fits & FITS_LOGICAL) return "logical";
  if (fits & FITS_INTEGER) return "integer";
  if (fits & FITS_INTEGER64) return "integer64";
  if (fits & FITS_DOUBLE) return "double";
  if (fits & FITS_DATE) return "date";
  return fits & (FITS_ZONED | FITS_NAIVE) ? "posixct" : "character";
}

/* The first type that every value of the column fits. */
SEXP cf_csv_guess(SEXP bytes, SEXP index, SEXP column, SEXP separator) {
  csv_column c = column_of(bytes, index, column, separator, 1);
  int fits = FITS_ALL;
  csv_cell cell;
  for (R_xlen_t i = 0; i < c.rows && fits; i++) {
    if (!get_cell(&c, i, &cell)) continue;
    trim(&cell);
    fits &= cell_fits(&cell);
  }
  return Rf_mkString(first_type(fits));
}

/* ---- values */

/* list(row, text): the cell that does not fit. */
static SEXP misfit(R_xlen_t row, const csv_cell *cell) {
  static const char *const names[] = {"row", "text"};
  SEXP at = PROTECT(Rf_ScalarReal((double)row + 1));
  size_t shown = cell->length;
  if (shown > 60) {
    for (shown = 60; (cell->text[shown] & 0xC0) == 0x80; shown--) continue;
  }
  SEXP text = PROTECT(Rf_ScalarString(Rf_mkCharLenCE(cell->text, (int)shown, CE_UTF8)));
  SEXP values[] = {at, text};
  SEXP list = named(2, names, values);
  UNPROTECT(2);
  return list;
}

/* One value of a column of numbers into `out`; 0 where the cell does not fit. */
typedef int (*reader)(const csv_cell *cell, void *out);

static int read_logical(const csv_cell *cell, void *out) {
  return csv_parse_logical(cell->text, cell->length, out);
}

static int read_integer(const csv_cell *cell, void *out) {
  int64_t value;
  if (!csv_parse_integer(cell->text, cell->length, &value) || value > INT_MAX || value < -INT_MAX) return 0;
  *(int *)out = (int)value;
  return 1;
}

static int read_double(const csv_cell *cell, void *out) {
  return csv_parse_double(cell->text, cell->length, out);
}

static int read_integer64(const csv_cell *cell, void *out) {
  return csv_parse_integer(cell->text, cell->length, out);
}

static int read_date(const csv_cell *cell, void *out) {
  int64_t days;
  if (!csv_parse_date(cell->text, cell->length, &days)) return 0;
  *(double *)out = (double)days;
  return 1;
}

static int read_time(const csv_cell *cell, void *out) {
  int64_t seconds;
  int32_t nanoseconds;
  int zone;
  if (!csv_parse_time(cell->text, cell->length, &seconds, &nanoseconds, &zone)) return 0;
  *(double *)out = csv_seconds(seconds, nanoseconds);
  return 1;
}

static SEXP read_numbers(const csv_column *c, SEXPTYPE type, reader read, const void *missing) {
  SEXP out = PROTECT(Rf_allocVector(type, c->rows));
  size_t size = type == REALSXP ? 8 : 4;
  char *to = type == REALSXP  ? (char *)REAL(out)
             : type == INTSXP ? (char *)INTEGER(out)
                              : (char *)LOGICAL(out);
  csv_cell cell;
  for (R_xlen_t i = 0; i < c->rows; i++, to += size) {
    if (!get_cell(c, i, &cell)) {
      memcpy(to, missing, size);
      continue;
    }
    trim(&cell);
    if (cell.escaped || !read(&cell, to)) {
      UNPROTECT(1);
      return misfit(i, &cell);
    }
  }
  UNPROTECT(1);
  return out;
}

static size_t longest_escaped(const csv_column *c) {
  size_t longest = 0;
  csv_cell cell;
  for (R_xlen_t i = 0; i < c->rows; i++) {
    get_cell(c, i, &cell);
    if (cell.escaped && cell.length > longest) longest = cell.length;
  }
  return longest;
}

static SEXP read_strings(const csv_column *c) {
  char *room = R_alloc(longest_escaped(c) + 1, 1);
  SEXP out = PROTECT(Rf_allocVector(STRSXP, c->rows));
  csv_cell cell;
  for (R_xlen_t i = 0; i < c->rows; i++) {
    SET_STRING_ELT(out, i, get_cell(c, i, &cell) ? cell_string(&cell, room) : NA_STRING);
  }
  UNPROTECT(1);
  return out;
}

static uint64_t hash(const char *text, size_t length) {
  uint64_t h = 1469598103934665603ULL;
  for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)text[i]) * 1099511628211ULL;
  return h ^ h >> 29;
}

/* Codes of the cells among the levels, by a table of at least twice as many slots. */
static SEXP read_codes(const csv_column *c, SEXP levels) {
  R_xlen_t count = XLENGTH(levels);
  size_t slots = 16;
  while (slots < (size_t)count * 2) slots *= 2;
  int *table = (int *)R_alloc(slots, sizeof *table);
  memset(table, 0, slots * sizeof *table);
  for (R_xlen_t i = 0; i < count; i++) {
    SEXP level = STRING_ELT(levels, i);
    size_t slot = hash(CHAR(level), (size_t)LENGTH(level)) & (slots - 1);
    while (table[slot]) slot = (slot + 1) & (slots - 1);
    table[slot] = (int)i + 1;
  }
  char *room = R_alloc(longest_escaped(c) + 1, 1);
  SEXP out = PROTECT(Rf_allocVector(INTSXP, c->rows));
  csv_cell cell;
  for (R_xlen_t i = 0; i < c->rows; i++) {
    if (!get_cell(c, i, &cell)) {
      INTEGER(out)[i] = NA_INTEGER;
      continue;
    }
    if (cell.escaped) {
      cell.length = csv_unescape(&cell, room);
      cell.text = room;
    }
    size_t slot = hash(cell.text, cell.length) & (slots - 1);
    for (; table[slot]; slot = (slot + 1) & (slots - 1)) {
      SEXP level = STRING_ELT(levels, table[slot] - 1);
      if ((size_t)LENGTH(level) == cell.length && memcmp(CHAR(level), cell.text, cell.length) == 0) break;
    }
    if (!table[slot]) {
      UNPROTECT(1);
      return misfit(i, &cell);
    }
    INTEGER(out)[i] = table[slot];
  }
  UNPROTECT(1);
  return out;
}

/* The values of a column (from 1) as plain vectors, or list(row, text) of a cell that does not fit.
   type: logical, integer, double, integer64 (its bits as doubles), date (days), posixct (seconds),
   character, or factor (codes among `levels`). */
SEXP cf_csv_column(SEXP bytes, SEXP index, SEXP column, SEXP separator, SEXP type, SEXP levels,
                   SEXP na_is_missing) {
  csv_column c = column_of(bytes, index, column, separator, Rf_asLogical(na_is_missing) == TRUE);
  const char *name = CHAR(STRING_ELT(type, 0));
  if (strcmp(name, "logical") == 0) return read_numbers(&c, LGLSXP, read_logical, &R_NaInt);
  if (strcmp(name, "integer") == 0) return read_numbers(&c, INTSXP, read_integer, &R_NaInt);
  if (strcmp(name, "double") == 0) return read_numbers(&c, REALSXP, read_double, &R_NaReal);
  if (strcmp(name, "integer64") == 0) return read_numbers(&c, REALSXP, read_integer64, &NA_INTEGER64);
  if (strcmp(name, "date") == 0) return read_numbers(&c, REALSXP, read_date, &R_NaReal);
  if (strcmp(name, "posixct") == 0) return read_numbers(&c, REALSXP, read_time, &R_NaReal);
  if (strcmp(name, "factor") == 0) return read_codes(&c, levels);
  return read_strings(&c);
}
