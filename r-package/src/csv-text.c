/* RFC 4180 fields: where they end, which were quoted, what they stand for. */
#include "csv.h"

#include <string.h>

static csv_end end_of_field(const char **at, const char *end, char separator) {
  const char *p = *at;
  if (p == end) return CSV_FILE_END;
  if (*p == separator) {
    *at = p + 1;
    return CSV_SEPARATOR;
  }
  *at = p + 1;
  if (*p == '\r' && p + 1 < end && p[1] == '\n') *at = p + 2;
  return *at == end ? CSV_FILE_END : CSV_LINE_END;
}

static const char *skip_plain(const char *p, const char *end, char separator) {
  while (p < end && *p != separator && *p != '\n' && *p != '\r') p++;
  return p;
}

/* The field at *at, which moves behind its end. The last line end of the file ends the file. */
csv_end csv_next(const char **at, const char *end, char separator, csv_cell *cell) {
  const char *p = *at;
  cell->escaped = 0;
  cell->quoted = p < end && *p == '"';
  if (!cell->quoted) {
    cell->text = p;
    p = skip_plain(p, end, separator);
    cell->length = (size_t)(p - cell->text);
    *at = p;
    return end_of_field(at, end, separator);
  }
  cell->text = ++p;
  for (;;) {
    p = memchr(p, '"', (size_t)(end - p));
    if (!p) return CSV_UNCLOSED;
    if (p + 1 < end && p[1] == '"') {
      cell->escaped = 1;
      p += 2;
      continue;
    }
    break;
  }
  cell->length = (size_t)(p - cell->text);
  const char *tail = p + 1;
  p = skip_plain(tail, end, separator);
  if (p > tail) { /* text behind the closing quote: keep both, csv_unescape() joins them */
    cell->escaped = 2;
    cell->length = (size_t)(p - cell->text);
  }
  *at = p;
  return end_of_field(at, end, separator);
}

/* Writes what an escaped cell stands for; `out` has room for cell->length bytes. */
size_t csv_unescape(const csv_cell *cell, char *out) {
  const char *p = cell->text, *end = cell->text + cell->length;
  char *q = out;
  while (p < end) {
    if (*p != '"') {
      *q++ = *p++;
    } else if (p + 1 < end && p[1] == '"') {
      *q++ = '"';
      p += 2;
    } else { /* the closing quote; what follows stands as it is */
      p++;
      memcpy(q, p, (size_t)(end - p));
      q += end - p;
      break;
    }
  }
  return (size_t)(q - out);
}

static int is_tail(unsigned char c) { return (c & 0xC0) == 0x80; }

/* Bytes of the UTF-8 sequence at p, 0 where there is none (Unicode, table 3-7). */
static int sequence(const unsigned char *p, size_t left) {
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xC2 || left < 2 || !is_tail(p[1])) return 0;
  if (p[0] < 0xE0) return 2;
  if (left < 3 || !is_tail(p[2])) return 0;
  if (p[0] < 0xF0) {
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0;
    return 3;
  }
  if (p[0] > 0xF4 || left < 4 || !is_tail(p[3])) return 0;
  return (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F) ? 0 : 4;
}

/* The first byte that is no UTF-8, NULL where all is. */
const char *csv_not_utf8(const char *text, size_t size) {
  size_t i = 0;
  while (i < size) {
    uint64_t word;
    if (size - i >= 8) {
      memcpy(&word, text + i, 8);
      if (!(word & 0x8080808080808080ULL)) {
        i += 8;
        continue;
      }
    }
    int length = sequence((const unsigned char *)text + i, size - i);
    if (length == 0) return text + i;
    i += (size_t)length;
  }
  return NULL;
}
