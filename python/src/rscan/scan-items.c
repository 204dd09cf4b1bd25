/* One item: its type tells how it goes on. */
#include "scan-parts.h"

static int start_pairlist(scan_state *s, int type, int32_t flags, size_t owner, int is_attributes) {
  if (type == CODE_CALL) s->open_calls++;
  scan_frame *f = scan_push(s, STEP_CELL, type, flags);
  if (!f) return 0;
  f->owner = owner;
  f->is_attributes = is_attributes;
  return 1;
}

/* Attributes are a pairlist or nothing. */
int scan_take_attributes(scan_state *s, size_t owner) {
  int32_t flags;
  s->item_offset = s->in.at;
  if (!scan_take_int(s, &flags)) return 0;
  int type = flags & 0xFF;
  if (type == CODE_NIL_VALUE || type == CODE_NIL) return 1;
  if (type != CODE_PAIRLIST) return scan_damaged(s, "attributes of type %d", type);
  return start_pairlist(s, type, flags, owner, 1);
}

int scan_finish_vector(scan_state *s, int type, int32_t flags, uint64_t length) {
  s->last_type = type;
  s->last_length = length;
  if (!(flags & HAS_ATTRIBUTES)) return 1;
  scan_frame *f = scan_push(s, STEP_ATTRIBUTES, type, flags);
  if (!f) return 0;
  f->length = length;
  return 1;
}

static int read_vector(scan_state *s, int type, int32_t flags) {
  uint64_t length = 0;
  if (!scan_take_length(s, &length)) return 0;
  if (scan_open_object(s)) scan_open_object(s)->length = (double)length;
  if (type == CODE_LIST) {
    /* Each element takes 4 bytes or more, 2 in ASCII: a longer list is truncated. */
    if (length > (s->in.size - s->in.at) / 2) return scan_truncated(s, "a list", length);
    scan_frame *f = scan_push(s, STEP_ELEMENTS, type, flags);
    if (!f) return 0;
    f->length = length;
    return 1;
  }
  if (type == CODE_STRING) {
    if (length > (s->in.size - s->in.at) / 4) return scan_truncated(s, "a character vector", length);
    if (!scan_take_strings(s, length)) return 0;
  } else if (!scan_skip_numbers(&s->in, type, length)) {
    return scan_truncated(s, "a vector", length);
  }
  return scan_finish_vector(s, type, flags, length);
}

static int read_symbol_item(scan_state *s) {
  size_t number;
  return scan_take_symbol(s, &number);
}

/* Pointers are written without what they point to; a weak reference without anything. */
static int read_pointer(scan_state *s, int type, int32_t flags) {
  if (!scan_add_reference(s, 0, 0, 0)) return 0;
  scan_frame *f = scan_push(s, STEP_ELEMENTS, type, flags);
  if (!f) return 0;
  f->length = type == CODE_POINTER ? 2 : 0;
  return 1;
}

int scan_take_item(scan_state *s) {
  int32_t flags;
  size_t number;
  s->item_offset = s->in.at;
  if (!scan_take_int(s, &flags)) return 0;
  int type = flags & 0xFF;
  s->counts[type]++;
  s->last_type = type;
  s->last_length = 0;
  scan_begin_object(s, type);
  switch (type) {
    case CODE_NIL:
    case CODE_NIL_VALUE:
    case CODE_GLOBAL_ENV:
    case CODE_BASE_ENV:
    case CODE_EMPTY_ENV: return 1;
    case CODE_MISSING_ARG:
      if (s->open_calls == 0 && s->open_refused == 0)
        return scan_damaged(s, "a missing argument outside a call");
      return 1;
    case CODE_UNBOUND: /* the value of a promise that has not run */
      if (s->open_refused == 0) return scan_damaged(s, "no value at all outside a promise");
      return 1;
    case CODE_SYMBOL: return read_symbol_item(s);
    case CODE_REFERENCE: return scan_take_reference(s, flags, &number);
    case CODE_PAIRLIST:
    case CODE_CALL: return start_pairlist(s, type, flags, 0, 0);
    case CODE_LOGICAL:
    case CODE_INTEGER:
    case CODE_DOUBLE:
    case CODE_COMPLEX:
    case CODE_STRING:
    case CODE_RAW:
    case CODE_LIST: return read_vector(s, type, flags);
    case CODE_S4: return scan_finish_vector(s, type, flags, 0);
    case CODE_POINTER:
    case CODE_WEAK_REFERENCE: return read_pointer(s, type, flags);
    case CODE_ALTREP: return scan_take_altrep(s);
    default: break;
  }
  const char *name = scan_refused_name(type);
  if (name) return scan_refused(s, "%s", name) && scan_enter_refused(s, type, flags);
  return scan_damaged(s, "an object of type %d, which R does not write", type);
}
