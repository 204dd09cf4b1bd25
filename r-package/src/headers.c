/* The head of an HTTP answer: its lines as names and values. */
#include "crossframe.h"

#include <string.h>

static char *end_of_line(char *at, char *end) {
  while (at < end && *at != '\r' && *at != '\n') at++;
  return at;
}

static char *next_line(char *at, char *end) {
  at = end_of_line(at, end);
  if (end - at > 1 && at[0] == '\r' && at[1] == '\n') at++;
  return at < end ? at + 1 : end;
}

/* Before the answer's own head there may be that of a proxy, or of "100 Continue". */
static char *last_head(char *at, char *end) {
  char *head = at;
  int is_after_blank = 0;
  for (; at < end; at = next_line(at, end)) {
    if (end_of_line(at, end) == at) {
      is_after_blank = 1;
    } else if (is_after_blank) {
      head = at;
      is_after_blank = 0;
    }
  }
  return head;
}

static int is_blank(char c) { return c == ' ' || c == '\t'; }

static SEXP name_of(char *at, char *colon) {
  for (char *c = at; c < colon; c++) {
    if (*c >= 'A' && *c <= 'Z') *c += 'a' - 'A';
  }
  return Rf_mkCharLenCE(at, (int)(colon - at), CE_NATIVE);
}

static SEXP value_of(char *at, char *end) {
  while (at < end && is_blank(*at)) at++;
  while (end > at && is_blank(end[-1])) end--;
  return Rf_mkCharLenCE(at, (int)(end - at), CE_NATIVE);
}

/* A character vector, named: names in lower case, values without the blanks around them. */
SEXP cf_headers(SEXP bytes) {
  size_t size = (size_t)XLENGTH(bytes);
  char *text = R_alloc(size + 1, 1), *end = text + size;
  if (size > 0) memcpy(text, RAW(bytes), size);
  char *head = last_head(text, end);
  R_xlen_t count = 0;
  for (char *at = head; at < end; at = next_line(at, end)) {
    count += memchr(at, ':', (size_t)(end_of_line(at, end) - at)) != NULL;
  }
  SEXP values = PROTECT(Rf_allocVector(STRSXP, count)), names = PROTECT(Rf_allocVector(STRSXP, count));
  R_xlen_t filled = 0;
  for (char *at = head; at < end; at = next_line(at, end)) {
    char *stop = end_of_line(at, end), *colon = memchr(at, ':', (size_t)(stop - at));
    if (!colon) continue;
    SET_STRING_ELT(names, filled, name_of(at, colon));
    SET_STRING_ELT(values, filled++, value_of(colon + 1, stop));
  }
  Rf_setAttrib(values, R_NamesSymbol, names);
  UNPROTECT(2);
  return values;
}
