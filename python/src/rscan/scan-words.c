/* Numbers, strings, symbols and references, and what is said where the bytes do not hold them. */
#include <stdlib.h>

#include "scan-parts.h"

int scan_take_int(scan_state *s, int32_t *value) {
  if (scan_read_int(&s->in, value)) return 1;
  s->item_offset = s->in.at;
  return scan_damaged(
      s, s->in.size - s->in.at < 4 ? "the bytes end where a number is due" : "no number where one is due");
}

/* -1 announces two words: a length of 2^31 or more. */
int scan_take_length(scan_state *s, uint64_t *length) {
  int32_t word, low;
  if (!scan_take_int(s, &word)) return 0;
  if (word >= 0) {
    *length = (uint64_t)word;
    return 1;
  }
  if (word != -1) return scan_damaged(s, "a vector of negative length");
  if (!scan_take_int(s, &word) || !scan_take_int(s, &low)) return 0;
  if (word < 0 || word > 65536) return scan_damaged(s, "a vector of impossible length");
  *length = (uint64_t)word << 32 | (uint32_t)low;
  return 1;
}

/* A CHARSXP; length -1 is NA. */
static int read_char(scan_state *s, size_t *start, size_t *size) {
  int32_t flags, length;
  if (!scan_take_int(s, &flags)) return 0;
  if ((flags & 0xFF) != CODE_CHAR || (flags & HAS_ATTRIBUTES))
    return scan_damaged(s, "no string where one is due");
  if (!scan_take_int(s, &length)) return 0;
  if (length < -1) return scan_damaged(s, "a string of negative length");
  *size = length < 0 ? 0 : (size_t)length;
  *start = s->in.at;
  if (length < 0) return 1;
  if (!scan_read_text(&s->in, *size, start)) return scan_truncated(s, "a string", *size);
  return 1;
}

int scan_take_strings(scan_state *s, uint64_t count) {
  size_t start, size;
  s->counts[CODE_CHAR] += count > 1000000000 ? 1000000000 : (int)count;
  for (uint64_t i = 0; i < count; i++) {
    /* The common case in XDR without a call: flags, length, jump. */
    const uint8_t *p = s->in.data + s->in.at;
    if (s->in.format == 'X' && s->in.size - s->in.at >= 8 && p[3] == CODE_CHAR && !(p[2] & 2) && p[4] == 0) {
      size = (size_t)p[5] << 16 | (size_t)p[6] << 8 | p[7];
      if (size <= s->in.size - s->in.at - 8) {
        s->in.at += 8 + size;
        continue;
      }
    }
    s->item_offset = s->in.at;
    if (!read_char(s, &start, &size)) {
      scan_add_step(s->finding.trail, "string %llu", (unsigned long long)i + 1);
      return 0;
    }
  }
  return 1;
}

int scan_add_reference(scan_state *s, int is_symbol, size_t name, size_t length) {
  if (s->reference_count == s->reference_room) {
    size_t room = s->reference_room ? s->reference_room * 2 : 64;
    scan_reference *more = realloc(s->references, room * sizeof *more);
    if (!more) return scan_damaged(s, "no memory left for %llu references", (unsigned long long)room);
    s->references = more;
    s->reference_room = room;
  }
  s->references[s->reference_count++] = (scan_reference){name, length, is_symbol};
  return 1;
}

int scan_take_symbol(scan_state *s, size_t *number) {
  size_t start = 0, size = 0;
  if (!read_char(s, &start, &size)) return 0;
  if (!scan_add_reference(s, 1, start, size)) return 0;
  *number = s->reference_count;
  return 1;
}

int scan_take_reference(scan_state *s, int32_t flags, size_t *number) {
  int32_t index = (int32_t)((uint32_t)flags >> 8);
  if (index == 0 && !scan_take_int(s, &index)) return 0;
  if (index < 1 || (size_t)index > s->reference_count) {
    return scan_damaged(s, "reference %d of %llu", index, (unsigned long long)s->reference_count);
  }
  *number = (size_t)index;
  return 1;
}

/* A symbol, new or known. */
int scan_take_name(scan_state *s, int32_t flags, size_t *number) {
  int type = flags & 0xFF;
  if (type == CODE_SYMBOL) return scan_take_symbol(s, number);
  if (type != CODE_REFERENCE) return scan_damaged(s, "a tag that is no symbol");
  if (!scan_take_reference(s, flags, number)) return 0;
  return s->references[*number - 1].is_symbol ? 1 : scan_damaged(s, "a tag that is no symbol");
}

int scan_name_is(const scan_state *s, size_t number, const char *text) {
  if (number == 0) return 0;
  const scan_reference *name = &s->references[number - 1];
  return scan_text_is(&s->in, name->name, name->length, text);
}
