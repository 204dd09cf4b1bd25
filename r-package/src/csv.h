/* CSV text and R vectors; the rules stand in tests/conformance/csv/README.md. */
#ifndef CROSSFRAME_CSV_H
#define CROSSFRAME_CSV_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  const char *text;
  size_t length;
  int quoted;
  int escaped; /* holds doubled quotes, or text behind the closing quote */
} csv_cell;

/* What ended a field. */
typedef enum { CSV_SEPARATOR, CSV_LINE_END, CSV_FILE_END, CSV_UNCLOSED } csv_end;

/* csv-text.c */
csv_end csv_next(const char **at, const char *end, char separator, csv_cell *cell);
size_t csv_unescape(const csv_cell *cell, char *out);
const char *csv_not_utf8(const char *text, size_t size);

/* csv-number.c: text without blanks around it; 0 where it is no such value */
int csv_parse_logical(const char *text, size_t length, int *value);
int csv_parse_integer(const char *text, size_t length, int64_t *value);
int csv_parse_double(const char *text, size_t length, double *value);
int csv_is_integer(const char *text, size_t length);
size_t csv_format_integer(int64_t value, char *out);
size_t csv_format_double(double value, char *out);

/* csv-time.c: days and seconds since 1970-01-01 */
enum { CSV_NO_ZONE = 0, CSV_ZONE = 1, CSV_BARE_DATE = 2 };
int csv_parse_date(const char *text, size_t length, int64_t *days);
int csv_parse_time(const char *text, size_t length, int64_t *seconds, int32_t *nanoseconds, int *zone);
double csv_seconds(int64_t seconds, int32_t nanoseconds);
void csv_split_seconds(double value, int64_t *seconds, int32_t *nanoseconds);
size_t csv_format_date(int64_t days, char *out);
size_t csv_format_time(int64_t seconds, int32_t nanoseconds, int with_fraction, char *out);

/* Room that any formatted number, date or time fits into. */
enum { CSV_VALUE_ROOM = 64 };

#endif
