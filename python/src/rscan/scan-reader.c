/* Words, numbers and text of serialized R data, never beyond its end.

   ASCII is read as strictly as R writes it: whatever two readers might take in two ways is refused,
   so that the scan and unserialize() can't see different things in the same bytes. */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

static int is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static size_t left(const scan_reader *in) { return in->size - in->at; }

/* The next word of the ASCII form and the blank that ends it; R reads words of fewer than 100 bytes. */
static int read_word(scan_reader *in, char *word) {
  size_t at = in->at;
  while (at < in->size && is_space(in->data[at])) at++;
  size_t start = at;
  while (at < in->size && !is_space(in->data[at])) at++;
  size_t length = at - start;
  if (at == in->size || length == 0 || length >= 100) return 0;
  memcpy(word, in->data + start, length);
  word[length] = 0;
  in->at = at + 1;
  return 1;
}

static int all_in(const char *word, const char *letters) { return word[strspn(word, letters)] == 0; }

static int is_integer_word(const char *word) {
  const char *digits = word[0] == '-' ? word + 1 : word;
  return strcmp(word, "NA") == 0 || (*digits && strlen(digits) <= 10 && all_in(digits, "0123456789"));
}

static int is_double_word(const char *word) {
  static const char *const special[] = {"NA", "NaN", "Inf", "-Inf"};
  for (int i = 0; i < 4; i++) {
    if (strcmp(word, special[i]) == 0) return 1;
  }
  return all_in(word, "+-.0123456789abcdefABCDEFxXpP");
}

int scan_read_int(scan_reader *in, int32_t *value) {
  if (in->format == 'A') {
    char word[100];
    if (!read_word(in, word) || !is_integer_word(word)) return 0;
    long long number = strcmp(word, "NA") == 0 ? INT32_MIN : strtoll(word, NULL, 10);
    if (number < INT32_MIN || number > INT32_MAX) return 0;
    *value = (int32_t)number;
    return 1;
  }
  if (left(in) < 4) return 0;
  const uint8_t *p = in->data + in->at;
  if (in->format == 'X') {
    uint32_t word = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    memcpy(value, &word, 4);
  } else {
    memcpy(value, p, 4);
  }
  in->at += 4;
  return 1;
}

static int skip_words(scan_reader *in, int type, uint64_t count) {
  char word[100];
  if (type == CODE_COMPLEX) {
    if (count > in->size) return 0;
    count *= 2;
  }
  for (uint64_t i = 0; i < count; i++) {
    if (!read_word(in, word)) return 0;
    int fits;
    if (type == CODE_RAW) {
      fits = strlen(word) <= 2 && all_in(word, "0123456789abcdefABCDEF");
    } else if (type == CODE_DOUBLE || type == CODE_COMPLEX) {
      fits = is_double_word(word);
    } else {
      fits = is_integer_word(word);
    }
    if (!fits) return 0;
  }
  return 1;
}

static size_t bytes_of(int type) {
  switch (type) {
    case CODE_DOUBLE: return 8;
    case CODE_COMPLEX: return 16;
    case CODE_RAW: return 1;
    default: return 4;
  }
}

int scan_skip_numbers(scan_reader *in, int type, uint64_t count) {
  size_t before = in->at;
  if (in->format == 'A') {
    if (skip_words(in, type, count)) return 1;
    in->at = before;
    return 0;
  }
  size_t size = bytes_of(type);
  if (count > left(in) / size) return 0;
  in->at += (size_t)count * size;
  return 1;
}

/* A string of the ASCII form: escaped, without blanks; `length` counts the bytes it stands for. */
static int read_escaped(scan_reader *in, size_t length, size_t *start) {
  size_t at = in->at;
  while (length > 0 && at < in->size && is_space(in->data[at])) at++;
  *start = at;
  for (size_t i = 0; i < length; i++) {
    if (at >= in->size || in->data[at] <= ' ' || in->data[at] > '~') return 0;
    if (in->data[at++] != '\\') continue;
    if (at >= in->size || in->data[at] <= ' ' || in->data[at] > '~') return 0;
    int octal = 0;
    while (octal < 3 && at < in->size && in->data[at] >= '0' && in->data[at] <= '7') octal++, at++;
    if (octal == 0) at++;
  }
  in->at = at;
  return 1;
}

int scan_read_text(scan_reader *in, size_t length, size_t *start) {
  if (in->format == 'A') return read_escaped(in, length, start);
  if (length > left(in)) return 0;
  *start = in->at;
  in->at += length;
  return 1;
}

/* Names that matter here ("class", "~", "base") have no escapes in the ASCII form. */
int scan_text_is(const scan_reader *in, size_t start, size_t length, const char *text) {
  return strlen(text) == length && length <= in->size - start && memcmp(in->data + start, text, length) == 0;
}

int scan_three_doubles(const scan_reader *in, size_t at, double *values) {
  scan_reader copy = *in;
  copy.at = at;
  for (int i = 0; i < 3; i++) {
    if (copy.format == 'A') {
      char word[100];
      if (!read_word(&copy, word)) return 0;
      values[i] = strtod(word, NULL);
      continue;
    }
    if (left(&copy) < 8) return 0;
    uint64_t bits = 0;
    if (copy.format == 'X') {
      for (int b = 0; b < 8; b++) bits = bits << 8 | copy.data[copy.at + b];
    } else {
      memcpy(&bits, copy.data + copy.at, 8);
    }
    memcpy(&values[i], &bits, 8);
    copy.at += 8;
  }
  return 1;
}
