/* ALTREP objects: the classes of base that hold data, and the state that R writes of them. */
#include <math.h>

#include "scan-parts.h"

/* list(class, package, type) of an ALTREP object, as R writes it: three cells without tags. */
static int read_altrep_class(scan_state *s, size_t *name, size_t *package, int32_t *type) {
  int32_t flags, word;
  size_t *const names[] = {name, package};
  for (int i = 0; i < 2; i++) {
    if (!scan_take_int(s, &flags)) return 0;
    if (flags != CODE_PAIRLIST) return scan_damaged(s, "an ALTREP object without its class");
    if (!scan_take_int(s, &flags) || !scan_take_name(s, flags, names[i])) return 0;
  }
  const int32_t rest[] = {CODE_PAIRLIST, CODE_INTEGER, 1};
  for (int i = 0; i < 3; i++) {
    if (!scan_take_int(s, &word)) return 0;
    if (word != rest[i]) return scan_damaged(s, "an ALTREP object without its class");
  }
  if (!scan_take_int(s, type) || !scan_take_int(s, &flags)) return 0;
  return (flags & 0xFF) == CODE_NIL_VALUE ? 1 : scan_damaged(s, "an ALTREP object without its class");
}

/* Base classes that hold data; mmap_* of base would map a file of this machine. */
static int altrep_type(const scan_state *s, size_t name) {
  static const struct {
    const char *name;
    int type;
  } known[] = {{"compact_intseq", CODE_INTEGER}, {"compact_realseq", CODE_DOUBLE},
               {"deferred_string", CODE_STRING}, {"wrap_integer", CODE_INTEGER},
               {"wrap_logical", CODE_LOGICAL},   {"wrap_real", CODE_DOUBLE},
               {"wrap_complex", CODE_COMPLEX},   {"wrap_raw", CODE_RAW},
               {"wrap_string", CODE_STRING},     {"wrap_list", CODE_LIST}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (scan_name_is(s, name, known[i].name)) return known[i].type;
  }
  return -1;
}

static int name_shown(const scan_reference *name) { return name->length > 60 ? 60 : (int)name->length; }

/* unserialize() takes the three doubles of a compact sequence without a look. */
static int read_sequence(scan_state *s, int type, uint64_t *length) {
  const int32_t head[] = {CODE_DOUBLE, 3};
  int32_t word;
  for (int i = 0; i < 2; i++) {
    if (!scan_take_int(s, &word)) return 0;
    if (word != head[i]) return scan_damaged(s, "a compact sequence without its bounds");
  }
  double v[3];
  size_t at = s->in.at;
  if (!scan_skip_numbers(&s->in, CODE_DOUBLE, 3) || !scan_three_doubles(&s->in, at, v)) {
    return scan_truncated(s, "a vector", 3);
  }
  double last = v[1] + v[2] * (v[0] - 1);
  int fits = v[0] >= 0 && v[0] <= 4503599627370496.0 && v[0] == floor(v[0]) && (v[2] == 1 || v[2] == -1);
  if (type == CODE_INTEGER) fits = fits && fabs(v[1]) <= INT32_MAX && (v[0] == 0 || fabs(last) <= INT32_MAX);
  if (!fits) return scan_damaged(s, "a compact sequence of impossible bounds");
  *length = (uint64_t)v[0];
  return 1;
}

int scan_take_altrep(scan_state *s) {
  size_t name, package;
  int32_t claimed;
  if (!read_altrep_class(s, &name, &package, &claimed)) return 0;
  int type = scan_name_is(s, package, "base") ? altrep_type(s, name) : -1;
  if (type < 0) {
    const scan_reference *n = &s->references[name - 1], *p = &s->references[package - 1];
    const char *text = (const char *)s->in.data;
    if (!scan_refused(s, "the ALTREP class '%.*s' of package '%.*s'", name_shown(n), text + n->name,
                      name_shown(p), text + p->name)) {
      return 0;
    }
    return scan_push_refused(s, CODE_ALTREP, 0, 2);
  }
  /* R looks a wrong type up in a table, beyond its end. */
  if (claimed != type) return scan_damaged(s, "an ALTREP object that claims another type than its class has");
  if (scan_open_object(s)) scan_open_object(s)->type = type;
  if (scan_name_is(s, name, "compact_intseq") || scan_name_is(s, name, "compact_realseq")) {
    uint64_t length = 0;
    if (!read_sequence(s, type, &length)) return 0;
    if (scan_open_object(s)) scan_open_object(s)->length = (double)length;
    return scan_finish_vector(s, type, HAS_ATTRIBUTES, length);
  }
  int32_t flags;
  if (!scan_take_int(s, &flags)) return 0;
  if (flags != CODE_PAIRLIST) return scan_damaged(s, "an ALTREP object without its state");
  scan_frame *f = scan_push(s, STEP_ALTREP_STATE, type, HAS_ATTRIBUTES);
  if (!f) return 0;
  f->tag = name;
  return 1;
}

/* A deferred string's or a wrapped vector's state is a pair: the vector, then an integer vector. */
int scan_step_altrep(scan_state *s, scan_frame *f) {
  int is_string = scan_name_is(s, f->tag, "deferred_string");
  int fits =
      is_string ? s->last_type == CODE_INTEGER || s->last_type == CODE_DOUBLE : s->last_type == f->type;
  if (!fits) return scan_damaged(s, "an ALTREP object over a vector of another type");
  if (s->depth == s->object_depth + 1 && scan_last_object(s))
    scan_last_object(s)->length = (double)s->last_length;
  int32_t flags, length;
  s->item_offset = s->in.at;
  if (!scan_take_int(s, &flags)) return 0;
  if (flags != CODE_INTEGER) return scan_damaged(s, "an ALTREP object without its description");
  if (!scan_take_int(s, &length)) return 0;
  if (length != (is_string ? 1 : 2)) return scan_damaged(s, "an ALTREP object without its description");
  if (!scan_skip_numbers(&s->in, CODE_INTEGER, (uint64_t)length))
    return scan_truncated(s, "a vector", (uint64_t)length);
  f->step = STEP_ATTRIBUTES;
  return 1;
}
