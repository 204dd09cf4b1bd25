/* Logicals and numbers as CSV text, exact in both directions. */
#include "csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int same(const char *text, size_t length, const char *word) {
  return strlen(word) == length && memcmp(text, word, length) == 0;
}

static int same_any_case(const char *text, size_t length, const char *word) {
  if (strlen(word) != length) return 0;
  for (size_t i = 0; i < length; i++) {
    char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
    if (c != word[i]) return 0;
  }
  return 1;
}

int csv_parse_logical(const char *text, size_t length, int *value) {
  static const char *const words[2][4] = {{"false", "FALSE", "False", "F"}, {"true", "TRUE", "True", "T"}};
  for (int truth = 0; truth < 2; truth++) {
    for (int i = 0; i < 4; i++) {
      if (same(text, length, words[truth][i])) {
        *value = truth;
        return 1;
      }
    }
  }
  return 0;
}

/* Digits of a whole number, without leading zeros; how many, 0 for none. */
static size_t whole_digits(const char *p, const char *end) {
  if (p < end && *p == '0') return p + 1 < end && is_digit(p[1]) ? 0 : 1;
  const char *start = p;
  while (p < end && is_digit(*p)) p++;
  return (size_t)(p - start);
}

int csv_is_integer(const char *text, size_t length) {
  const char *end = text + length;
  if (length > 0 && (*text == '+' || *text == '-')) text++;
  size_t digits = whole_digits(text, end);
  return digits > 0 && text + digits == end;
}

/* 0 also beyond 64 bits, and for -2^63, which integer64 has for NA. */
int csv_parse_integer(const char *text, size_t length, int64_t *value) {
  if (!csv_is_integer(text, length)) return 0;
  const char *p = text, *end = text + length;
  int negative = *p == '-';
  if (*p == '-' || *p == '+') p++;
  if (end - p > 19) return 0;
  uint64_t number = 0;
  for (; p < end; p++) number = number * 10 + (uint64_t)(*p - '0');
  if (number > INT64_MAX) return 0;
  *value = negative ? -(int64_t)number : (int64_t)number;
  return 1;
}

static int parse_special(const char *text, size_t length, double *value) {
  if (same_any_case(text, length, "nan")) {
    *value = NAN;
    return 1;
  }
  int negative = length > 0 && *text == '-';
  if (length > 0 && (*text == '-' || *text == '+')) text++, length--;
  if (!same_any_case(text, length, "inf") && !same_any_case(text, length, "infinity")) return 0;
  *value = negative ? -INFINITY : INFINITY;
  return 1;
}

typedef struct {
  uint64_t digits; /* as many as fit */
  int exponent;
  int exact; /* all digits are in `digits` */
} decimal;

static void add_digit(decimal *d, char c, int is_fraction) {
  if (d->digits < 100000000000000000ULL) {
    d->digits = d->digits * 10 + (uint64_t)(c - '0');
    if (is_fraction) d->exponent--;
  } else {
    if (c != '0') d->exact = 0;
    if (!is_fraction) d->exponent++;
  }
}

/* The grammar of a decimal number; 0 where the text is none. */
static int read_decimal(const char *p, const char *end, decimal *d) {
  *d = (decimal){0, 0, 1};
  size_t whole = whole_digits(p, end);
  for (size_t i = 0; i < whole; i++) add_digit(d, *p++, 0);
  size_t fraction = 0;
  if (p < end && *p == '.') {
    p++;
    while (p < end && is_digit(*p)) add_digit(d, *p++, 1), fraction++;
  }
  if (whole + fraction == 0) return 0;
  if (p == end) return 1;
  if (*p != 'e' && *p != 'E') return 0;
  p++;
  int negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  if (p == end) return 0;
  int exponent = 0;
  for (; p < end && is_digit(*p); p++) {
    if (exponent < 100000) exponent = exponent * 10 + (*p - '0');
  }
  d->exponent += negative ? -exponent : exponent;
  return p == end;
}

/* strtod() wants an end; R keeps LC_NUMERIC at "C". */
static double slow_double(const char *text, size_t length) {
  char room[512];
  char *copy = length < sizeof room ? room : malloc(length + 1);
  if (!copy) return NAN;
  memcpy(copy, text, length);
  copy[length] = 0;
  double value = strtod(copy, NULL);
  if (copy != room) free(copy);
  return value;
}

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* The nearest double. Up to 2^53 and 10^22 both operands are exact, so one operation rounds once. */
int csv_parse_double(const char *text, size_t length, double *value) {
  const char *p = text, *end = text + length;
  int negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  decimal d;
  if (!read_decimal(p, end, &d)) return parse_special(text, length, value);
  if (d.exact && d.digits <= 9007199254740992ULL && d.exponent >= -22 && d.exponent <= 22) {
    double number = (double)d.digits;
    number = d.exponent < 0 ? number / powers[-d.exponent] : number * powers[d.exponent];
    *value = negative ? -number : number;
  } else {
    *value = slow_double(text, length);
  }
  return 1;
}

size_t csv_format_integer(int64_t value, char *out) {
  char digits[20];
  size_t n = 0, length = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[n++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (value < 0) out[length++] = '-';
  while (n > 0) out[length++] = digits[--n];
  return length;
}

/* Fewest decimals that read back exactly, for values of up to 15 digits; 0 where there are more. */
static size_t format_decimals(double size, char *out) {
  for (int k = 1; k <= 15; k++) {
    double scaled = size * powers[k];
    if (scaled >= 1e15) return 0;
    double whole = rint(scaled);
    if (whole / powers[k] != size) continue;
    char digits[20];
    size_t n = csv_format_integer((int64_t)whole, digits), length = 0;
    size_t before = n > (size_t)k ? n - (size_t)k : 0;
    if (before == 0) out[length++] = '0';
    memcpy(out + length, digits, before);
    length += before;
    out[length++] = '.';
    for (size_t zeros = n < (size_t)k ? (size_t)k - n : 0; zeros > 0; zeros--) out[length++] = '0';
    memcpy(out + length, digits + before, n - before);
    return length + n - before;
  }
  return 0;
}

/* Text that reads back as this very double; NaN and the infinities as nan, inf and -inf. */
size_t csv_format_double(double value, char *out) {
  if (isnan(value)) return memcpy(out, "nan", 3), 3;
  size_t sign = 0;
  if (signbit(value)) {
    out[sign++] = '-';
    value = -value;
  }
  if (isinf(value)) return memcpy(out + sign, "inf", 3), sign + 3;
  if (value < 9007199254740992.0 && value == floor(value))
    return sign + csv_format_integer((int64_t)value, out + sign);
  if (value >= 1e-5 && value < 1e15) {
    size_t length = format_decimals(value, out + sign);
    if (length > 0) return sign + length;
  }
  char room[CSV_VALUE_ROOM];
  int length = 0;
  /* from 0.1 on format_decimals() has tried all of 15 digits */
  for (int digits = value >= 0.1 && value < 1e15 ? 16 : 15; digits <= 17; digits++) {
    length = snprintf(room, sizeof room, "%.*g", digits, value);
    if (digits == 17 || strtod(room, NULL) == value) break;
  }
  memcpy(out + sign, room, (size_t)length);
  return sign + (size_t)length;
}
