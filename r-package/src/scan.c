/* The safety scan: a walk over serialized R data that builds nothing.

   unserialize() runs code on mere reading (promises, namespaces, active bindings, ALTREP classes of
   packages, memory maps) or hands over objects that do (functions, calls). The scan accepts the types
   that data is made of, checks every length against the bytes left, keeps its own stack, and says
   what stands in the way, at which offset and where in the value.
   Source: R Internals, "Serialization Formats", and ReadItem() in serialize.c (R 4.2). */
#include "scan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- findings */

static void add_step(char *trail, const char *format, ...) {
  size_t used = strlen(trail);
  if (used > SCAN_TRAIL - 80) return;
  if (used > 0) {
    memcpy(trail + used, " > ", 4);
    used += 3;
  }
  va_list values;
  va_start(values, format);
  vsnprintf(trail + used, SCAN_TRAIL - used, format, values);
  va_end(values);
}

static void add_cell(const scan_state *s, const scan_frame *f, char *trail) {
  const char *kind = f->is_attributes ? "attribute" : "object";
  if (f->type == CODE_CALL) {
    add_step(trail, "call");
  } else if (f->tag == 0) {
    add_step(trail, "%s %llu", kind, (unsigned long long)f->index + 1);
  } else {
    const scan_reference *tag = &s->references[f->tag - 1];
    int shown = tag->length > 40 ? 40 : (int)tag->length;
    add_step(trail, "%s '%.*s'", kind, shown, (const char *)s->in.data + tag->name);
  }
}

static void write_trail(const scan_state *s, char *trail) {
  trail[0] = 0;
  for (size_t i = 0; i < s->depth; i++) {
    const scan_frame *f = &s->stack[i];
    if (f->step == STEP_ELEMENTS && f->index > 0) {
      add_step(trail, "element %llu", (unsigned long long)f->index);
    } else if (f->step >= STEP_CELL && f->step <= STEP_CELL_NEXT) {
      add_cell(s, f, trail);
    }
  }
}

static void note(scan_state *s, scan_finding *finding, size_t offset, const char *format, va_list values) {
  vsnprintf(finding->what, SCAN_TEXT, format, values);
  write_trail(s, finding->trail);
  finding->offset = offset;
}

/* Always 0, so that callers stop: return damaged(...). */
static int damaged(scan_state *s, const char *format, ...) {
  va_list values;
  va_start(values, format);
  note(s, &s->finding, s->item_offset, format, values);
  va_end(values);
  s->status = SCAN_DAMAGED;
  return 0;
}

/* 0 where the scan stops at the first refused item, 1 where a full report goes on. */
static int refused(scan_state *s, const char *format, ...) {
  if (s->open_refused > 0) return 1;
  scan_finding finding;
  va_list values;
  va_start(values, format);
  note(s, &finding, s->item_offset, format, values);
  va_end(values);
  if (s->status == SCAN_SAFE) s->finding = finding;
  s->status = SCAN_UNSAFE;
  if (!s->full_report) return 0;
  if (s->refused_count < SCAN_REFUSED_LIMIT) s->refused[s->refused_count] = finding;
  s->refused_count++;
  return 1;
}

static int truncated(scan_state *s, const char *what, uint64_t length) {
  return damaged(s, "%s of length %llu exceeds the %llu bytes left", what, (unsigned long long)length,
                 (unsigned long long)(s->in.size - s->in.at));
}

/* ---- small readers */

static int read_int(scan_state *s, int32_t *value) {
  if (scan_read_int(&s->in, value)) return 1;
  s->item_offset = s->in.at;
  return damaged(
      s, s->in.size - s->in.at < 4 ? "the bytes end where a number is due" : "no number where one is due");
}

/* -1 announces two words: a length of 2^31 or more. */
static int read_length(scan_state *s, uint64_t *length) {
  int32_t word, low;
  if (!read_int(s, &word)) return 0;
  if (word >= 0) {
    *length = (uint64_t)word;
    return 1;
  }
  if (word != -1) return damaged(s, "a vector of negative length");
  if (!read_int(s, &word) || !read_int(s, &low)) return 0;
  if (word < 0 || word > 65536) return damaged(s, "a vector of impossible length");
  *length = (uint64_t)word << 32 | (uint32_t)low;
  return 1;
}

/* A CHARSXP; length -1 is NA. */
static int read_char(scan_state *s, size_t *start, size_t *size) {
  int32_t flags, length;
  if (!read_int(s, &flags)) return 0;
  if ((flags & 0xFF) != CODE_CHAR || (flags & HAS_ATTRIBUTES))
    return damaged(s, "no string where one is due");
  if (!read_int(s, &length)) return 0;
  if (length < -1) return damaged(s, "a string of negative length");
  *size = length < 0 ? 0 : (size_t)length;
  *start = s->in.at;
  if (length < 0) return 1;
  if (!scan_read_text(&s->in, *size, start)) return truncated(s, "a string", *size);
  return 1;
}

static int read_strings(scan_state *s, uint64_t count) {
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
      add_step(s->finding.trail, "string %llu", (unsigned long long)i + 1);
      return 0;
    }
  }
  return 1;
}

static int add_reference(scan_state *s, int is_symbol, size_t name, size_t length) {
  if (s->reference_count == s->reference_room) {
    size_t room = s->reference_room ? s->reference_room * 2 : 64;
    scan_reference *more = realloc(s->references, room * sizeof *more);
    if (!more) return damaged(s, "no memory left for %llu references", (unsigned long long)room);
    s->references = more;
    s->reference_room = room;
  }
  s->references[s->reference_count++] = (scan_reference){name, length, is_symbol};
  return 1;
}

static int read_symbol(scan_state *s, size_t *number) {
  size_t start = 0, size = 0;
  if (!read_char(s, &start, &size)) return 0;
  if (!add_reference(s, 1, start, size)) return 0;
  *number = s->reference_count;
  return 1;
}

static int read_reference(scan_state *s, int32_t flags, size_t *number) {
  int32_t index = (int32_t)((uint32_t)flags >> 8);
  if (index == 0 && !read_int(s, &index)) return 0;
  if (index < 1 || (size_t)index > s->reference_count) {
    return damaged(s, "reference %d of %llu", index, (unsigned long long)s->reference_count);
  }
  *number = (size_t)index;
  return 1;
}

/* A symbol, new or known. */
static int read_name(scan_state *s, int32_t flags, size_t *number) {
  int type = flags & 0xFF;
  if (type == CODE_SYMBOL) return read_symbol(s, number);
  if (type != CODE_REFERENCE) return damaged(s, "a tag that is no symbol");
  if (!read_reference(s, flags, number)) return 0;
  return s->references[*number - 1].is_symbol ? 1 : damaged(s, "a tag that is no symbol");
}

static int name_is(const scan_state *s, size_t number, const char *text) {
  if (number == 0) return 0;
  const scan_reference *name = &s->references[number - 1];
  return scan_text_is(&s->in, name->name, name->length, text);
}

/* ---- the stack */

static scan_frame *push(scan_state *s, scan_step step, int type, int32_t flags) {
  if (s->depth + s->cells >= SCAN_DEPTH_LIMIT) {
    damaged(s, "more than %d values nested in each other", SCAN_DEPTH_LIMIT);
    return NULL;
  }
  if (s->depth == s->stack_room) {
    size_t room = s->stack_room ? s->stack_room * 2 : 64;
    scan_frame *more = realloc(s->stack, room * sizeof *more);
    if (!more) {
      damaged(s, "no memory left for the scan");
      return NULL;
    }
    s->stack = more;
    s->stack_room = room;
  }
  scan_frame *f = &s->stack[s->depth++];
  *f = (scan_frame){.step = step, .type = type, .flags = flags, .offset = s->item_offset};
  return f;
}

static void pop(scan_state *s) {
  scan_frame *f = &s->stack[--s->depth];
  s->last_type = f->type;
  s->last_length = f->length;
  if (f->type == CODE_CALL) s->open_calls--;
  if (f->is_refused) s->open_refused--;
}

/* ---- what the file holds, for a full report */

static scan_object *last_object(scan_state *s) {
  int is_kept = s->objects && s->object_count > 0 && s->object_count <= SCAN_OBJECT_LIMIT;
  return is_kept ? &s->objects[s->object_count - 1] : NULL;
}

/* The object that the item just begun is, NULL where it is a part of one. */
static scan_object *open_object(scan_state *s) { return s->depth == s->object_depth ? last_object(s) : NULL; }

static void begin_object(scan_state *s, int type) {
  if (!s->objects || s->depth != s->object_depth) return;
  if (s->depth > 0 && s->stack[0].type != CODE_PAIRLIST) return;
  s->object_count++;
  scan_object *object = open_object(s);
  if (!object) return;
  *object = (scan_object){.type = type, .length = -1};
  if (s->depth == 0 || s->stack[0].tag == 0) return;
  const scan_reference *tag = &s->references[s->stack[0].tag - 1];
  int shown = tag->length < SCAN_TEXT ? (int)tag->length : SCAN_TEXT - 1;
  memcpy(object->name, s->in.data + tag->name, (size_t)shown);
}

/* The strings of the class attribute that comes next. */
static void peek_class(scan_state *s, char *class) {
  scan_reader before = s->in;
  int32_t flags, length, word;
  size_t start, used = 0;
  if (scan_read_int(&s->in, &flags) && (flags & 0xFF) == CODE_STRING && scan_read_int(&s->in, &length)) {
    for (int32_t i = 0; i < length; i++) {
      if (!scan_read_int(&s->in, &flags) || !scan_read_int(&s->in, &word) || word < 0) break;
      if (!scan_read_text(&s->in, (size_t)word, &start) || used + (size_t)word + 2 > SCAN_TEXT) break;
      if (i > 0) class[used++] = '/';
      memcpy(class + used, s->in.data + start, (size_t)word);
      used += (size_t)word;
    }
  }
  class[used] = 0;
  s->in = before;
}

/* The attributes of an object lie on top of it on the stack. */
static void look_at_object_attribute(scan_state *s, const scan_frame *f) {
  scan_object *object = last_object(s);
  int is_own = object && f->is_attributes && s->depth == s->object_depth + 2;
  if (is_own && name_is(s, f->tag, "class")) peek_class(s, object->class);
}

static void note_formula(scan_state *s) {
  if (!s->formulas) return;
  if (s->formula_count < SCAN_FORMULA_LIMIT) {
    scan_finding *finding = &s->formulas[s->formula_count];
    snprintf(finding->what, SCAN_TEXT, "a formula");
    write_trail(s, finding->trail);
    finding->offset = s->item_offset;
  }
  s->formula_count++;
}

/* ---- formulas: a call that is data (CO2, ChickWeight). Its attributes come first. */

static int peek_has_formula(scan_state *s) {
  scan_reader before = s->in;
  int32_t flags, word, length;
  size_t start;
  int found = 0;
  if (scan_read_int(&s->in, &flags) && (flags & 0xFF) == CODE_STRING && scan_read_int(&s->in, &length)) {
    for (int32_t i = 0; i < length && !found; i++) {
      if (!scan_read_int(&s->in, &flags) || !scan_read_int(&s->in, &word) || word < 0) break;
      if (!scan_read_text(&s->in, (size_t)word, &start)) break;
      found = scan_text_is(&s->in, start, (size_t)word, "formula");
    }
  }
  s->in = before;
  return found;
}

static int peek_type(scan_state *s) {
  scan_reader before = s->in;
  int32_t flags;
  int known = scan_read_int(&s->in, &flags);
  s->in = before;
  return known ? flags & 0xFF : -1;
}

static void look_at_call_attribute(scan_state *s, const scan_frame *f) {
  scan_frame *call = &s->stack[f->owner - 1];
  if (name_is(s, f->tag, "class")) {
    call->formula_class = peek_has_formula(s);
  } else if (name_is(s, f->tag, ".Environment")) {
    int type = peek_type(s);
    call->formula_home = type == CODE_GLOBAL_ENV || type == CODE_BASE_ENV || type == CODE_EMPTY_ENV;
  }
}

/* Calls inside a formula are parts of it. */
static int check_call(scan_state *s, const scan_frame *f) {
  if (s->open_calls > 1 || s->open_refused > 0) return 1;
  s->item_offset = f->offset;
  if (!f->formula_class) return refused(s, "a call");
  if (!f->formula_home) return refused(s, "a formula with an environment");
  note_formula(s);
  return 1;
}

/* ---- one item */

static const char *refused_name(int type) {
  switch (type) {
    case CODE_CLOSURE: return "a function (closure)";
    case CODE_ENVIRONMENT: return "an environment";
    case CODE_PROMISE: return "a promise";
    case CODE_SPECIAL:
    case CODE_BUILTIN: return "a built-in function";
    case CODE_DOTS: return "a '...' object";
    case CODE_EXPRESSION: return "an expression vector";
    case CODE_BYTECODE:
    case CODE_BYTECODE_REP:
    case CODE_BYTECODE_DEF: return "byte code";
    case CODE_PERSISTENT: return "a persistent reference";
    case CODE_PACKAGE: return "a package to attach";
    case CODE_NAMESPACE:
    case CODE_BASE_NAMESPACE: return "a namespace to load";
    case CODE_ATTR_CALL: return "a call";
    default: return NULL;
  }
}

/* An object of `count` items to walk through, none of which will be loaded. */
static int push_refused(scan_state *s, int type, int32_t flags, uint64_t count) {
  scan_frame *f = push(s, STEP_ELEMENTS, type, flags);
  if (!f) return 0;
  f->length = count;
  f->is_refused = 1;
  s->open_refused++;
  return 1;
}

/* Namespaces, packages and persistent references: strings that say which. */
static int read_refused_names(scan_state *s) {
  int32_t zero, count;
  if (!read_int(s, &zero) || !read_int(s, &count)) return 0;
  if (count < 0) return damaged(s, "a name of negative length");
  return add_reference(s, 0, 0, 0) && read_strings(s, (uint64_t)count);
}

/* Goes on inside a refused item for a full report. */
static int enter_refused(scan_state *s, int type, int32_t flags) {
  int32_t word;
  uint64_t length = 0;
  size_t start;
  switch (type) {
    case CODE_CLOSURE:
    case CODE_PROMISE:
    case CODE_DOTS:
      return push_refused(s, type, 0, 2 + ((flags & HAS_ATTRIBUTES) != 0) + ((flags & HAS_TAG) != 0));
    case CODE_ENVIRONMENT:
      return read_int(s, &word) && add_reference(s, 0, 0, 0) && push_refused(s, type, 0, 4);
    case CODE_EXPRESSION: return read_length(s, &length) && push_refused(s, type, flags, length);
    case CODE_SPECIAL:
    case CODE_BUILTIN:
      if (!read_int(s, &word)) return 0;
      return (word >= 0 && scan_read_text(&s->in, (size_t)word, &start)) || truncated(s, "a name", 0);
    case CODE_PERSISTENT:
    case CODE_PACKAGE:
    case CODE_NAMESPACE: return read_refused_names(s);
    case CODE_BASE_NAMESPACE: return 1;
    default: /* byte code: nothing behind it can be found without taking it apart */
      s->complete = 0;
      return 0;
  }
}

static int start_pairlist(scan_state *s, int type, int32_t flags, size_t owner, int is_attributes) {
  if (type == CODE_CALL) s->open_calls++;
  scan_frame *f = push(s, STEP_CELL, type, flags);
  if (!f) return 0;
  f->owner = owner;
  f->is_attributes = is_attributes;
  return 1;
}

/* Attributes are a pairlist or nothing. */
static int read_attributes(scan_state *s, size_t owner) {
  int32_t flags;
  s->item_offset = s->in.at;
  if (!read_int(s, &flags)) return 0;
  int type = flags & 0xFF;
  if (type == CODE_NIL_VALUE || type == CODE_NIL) return 1;
  if (type != CODE_PAIRLIST) return damaged(s, "attributes of type %d", type);
  return start_pairlist(s, type, flags, owner, 1);
}

static int finish_vector(scan_state *s, int type, int32_t flags, uint64_t length) {
  s->last_type = type;
  s->last_length = length;
  if (!(flags & HAS_ATTRIBUTES)) return 1;
  scan_frame *f = push(s, STEP_ATTRIBUTES, type, flags);
  if (!f) return 0;
  f->length = length;
  return 1;
}

static int read_vector(scan_state *s, int type, int32_t flags) {
  uint64_t length = 0;
  if (!read_length(s, &length)) return 0;
  if (open_object(s)) open_object(s)->length = (double)length;
  if (type == CODE_LIST) {
    /* Each element takes 4 bytes or more, 2 in ASCII: a longer list is truncated. */
    if (length > (s->in.size - s->in.at) / 2) return truncated(s, "a list", length);
    scan_frame *f = push(s, STEP_ELEMENTS, type, flags);
    if (!f) return 0;
    f->length = length;
    return 1;
  }
  if (type == CODE_STRING) {
    if (length > (s->in.size - s->in.at) / 4) return truncated(s, "a character vector", length);
    if (!read_strings(s, length)) return 0;
  } else if (!scan_skip_numbers(&s->in, type, length)) {
    return truncated(s, "a vector", length);
  }
  return finish_vector(s, type, flags, length);
}

/* list(class, package, type) of an ALTREP object, as R writes it: three cells without tags. */
static int read_altrep_class(scan_state *s, size_t *name, size_t *package, int32_t *type) {
  int32_t flags, word;
  size_t *const names[] = {name, package};
  for (int i = 0; i < 2; i++) {
    if (!read_int(s, &flags)) return 0;
    if (flags != CODE_PAIRLIST) return damaged(s, "an ALTREP object without its class");
    if (!read_int(s, &flags) || !read_name(s, flags, names[i])) return 0;
  }
  const int32_t rest[] = {CODE_PAIRLIST, CODE_INTEGER, 1};
  for (int i = 0; i < 3; i++) {
    if (!read_int(s, &word)) return 0;
    if (word != rest[i]) return damaged(s, "an ALTREP object without its class");
  }
  if (!read_int(s, type) || !read_int(s, &flags)) return 0;
  return (flags & 0xFF) == CODE_NIL_VALUE ? 1 : damaged(s, "an ALTREP object without its class");
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
    if (name_is(s, name, known[i].name)) return known[i].type;
  }
  return -1;
}

static int name_shown(const scan_reference *name) { return name->length > 60 ? 60 : (int)name->length; }

/* unserialize() takes the three doubles of a compact sequence without a look. */
static int read_sequence(scan_state *s, int type, uint64_t *length) {
  const int32_t head[] = {CODE_DOUBLE, 3};
  int32_t word;
  for (int i = 0; i < 2; i++) {
    if (!read_int(s, &word)) return 0;
    if (word != head[i]) return damaged(s, "a compact sequence without its bounds");
  }
  double v[3];
  size_t at = s->in.at;
  if (!scan_skip_numbers(&s->in, CODE_DOUBLE, 3) || !scan_three_doubles(&s->in, at, v)) {
    return truncated(s, "a vector", 3);
  }
  double last = v[1] + v[2] * (v[0] - 1);
  int fits = v[0] >= 0 && v[0] <= 4503599627370496.0 && v[0] == floor(v[0]) && (v[2] == 1 || v[2] == -1);
  if (type == CODE_INTEGER) fits = fits && fabs(v[1]) <= INT32_MAX && (v[0] == 0 || fabs(last) <= INT32_MAX);
  if (!fits) return damaged(s, "a compact sequence of impossible bounds");
  *length = (uint64_t)v[0];
  return 1;
}

static int read_altrep(scan_state *s) {
  size_t name, package;
  int32_t claimed;
  if (!read_altrep_class(s, &name, &package, &claimed)) return 0;
  int type = name_is(s, package, "base") ? altrep_type(s, name) : -1;
  if (type < 0) {
    const scan_reference *n = &s->references[name - 1], *p = &s->references[package - 1];
    const char *text = (const char *)s->in.data;
    if (!refused(s, "the ALTREP class '%.*s' of package '%.*s'", name_shown(n), text + n->name, name_shown(p),
                 text + p->name)) {
      return 0;
    }
    return push_refused(s, CODE_ALTREP, 0, 2);
  }
  /* R looks a wrong type up in a table, beyond its end. */
  if (claimed != type) return damaged(s, "an ALTREP object that claims another type than its class has");
  if (open_object(s)) open_object(s)->type = type;
  if (name_is(s, name, "compact_intseq") || name_is(s, name, "compact_realseq")) {
    uint64_t length = 0;
    if (!read_sequence(s, type, &length)) return 0;
    if (open_object(s)) open_object(s)->length = (double)length;
    return finish_vector(s, type, HAS_ATTRIBUTES, length);
  }
  int32_t flags;
  if (!read_int(s, &flags)) return 0;
  if (flags != CODE_PAIRLIST) return damaged(s, "an ALTREP object without its state");
  scan_frame *f = push(s, STEP_ALTREP_STATE, type, HAS_ATTRIBUTES);
  if (!f) return 0;
  f->tag = name;
  return 1;
}

static int read_symbol_item(scan_state *s) {
  size_t number;
  return read_symbol(s, &number);
}

/* Pointers are written without what they point to; a weak reference without anything. */
static int read_pointer(scan_state *s, int type, int32_t flags) {
  if (!add_reference(s, 0, 0, 0)) return 0;
  scan_frame *f = push(s, STEP_ELEMENTS, type, flags);
  if (!f) return 0;
  f->length = type == CODE_POINTER ? 2 : 0;
  return 1;
}

static int read_item(scan_state *s) {
  int32_t flags;
  size_t number;
  s->item_offset = s->in.at;
  if (!read_int(s, &flags)) return 0;
  int type = flags & 0xFF;
  s->counts[type]++;
  s->last_type = type;
  s->last_length = 0;
  begin_object(s, type);
  switch (type) {
    case CODE_NIL:
    case CODE_NIL_VALUE:
    case CODE_GLOBAL_ENV:
    case CODE_BASE_ENV:
    case CODE_EMPTY_ENV: return 1;
    case CODE_MISSING_ARG:
      if (s->open_calls == 0 && s->open_refused == 0) return damaged(s, "a missing argument outside a call");
      return 1;
    case CODE_UNBOUND: /* the value of a promise that has not run */
      if (s->open_refused == 0) return damaged(s, "no value at all outside a promise");
      return 1;
    case CODE_SYMBOL: return read_symbol_item(s);
    case CODE_REFERENCE: return read_reference(s, flags, &number);
    case CODE_PAIRLIST:
    case CODE_CALL: return start_pairlist(s, type, flags, 0, 0);
    case CODE_LOGICAL:
    case CODE_INTEGER:
    case CODE_DOUBLE:
    case CODE_COMPLEX:
    case CODE_STRING:
    case CODE_RAW:
    case CODE_LIST: return read_vector(s, type, flags);
    case CODE_S4: return finish_vector(s, type, flags, 0);
    case CODE_POINTER:
    case CODE_WEAK_REFERENCE: return read_pointer(s, type, flags);
    case CODE_ALTREP: return read_altrep(s);
    default: break;
  }
  const char *name = refused_name(type);
  if (name) return refused(s, "%s", name) && enter_refused(s, type, flags);
  return damaged(s, "an object of type %d, which R does not write", type);
}

/* ---- one step of the topmost frame */

static int step_elements(scan_state *s, scan_frame *f) {
  if (f->index < f->length) {
    f->index++;
    return read_item(s);
  }
  if (!(f->flags & HAS_ATTRIBUTES)) {
    pop(s);
    return 1;
  }
  f->step = STEP_DONE;
  return read_attributes(s, 0);
}

static int step_cell(scan_state *s, scan_frame *f) {
  int has_attributes = (f->flags & HAS_ATTRIBUTES) != 0;
  f->step = STEP_CELL_TAG;
  f->tag = 0;
  return has_attributes ? read_attributes(s, f->type == CODE_CALL && f->index == 0 ? s->depth : 0) : 1;
}

static int step_cell_tag(scan_state *s, scan_frame *f) {
  int32_t flags;
  if (f->type == CODE_CALL && f->index == 0 && !check_call(s, f)) return 0;
  f->step = STEP_CELL_VALUE;
  if (!(f->flags & HAS_TAG)) return 1;
  s->item_offset = s->in.at;
  if (!read_int(s, &flags)) return 0;
  if ((flags & 0xFF) == CODE_NIL_VALUE) return 1;
  return read_name(s, flags, &f->tag);
}

static int step_cell_value(scan_state *s, scan_frame *f) {
  if (f->owner > 0) look_at_call_attribute(s, f);
  look_at_object_attribute(s, f);
  f->step = STEP_CELL_NEXT;
  return read_item(s);
}

static int step_cell_next(scan_state *s, scan_frame *f) {
  int32_t flags;
  s->item_offset = s->in.at;
  if (!read_int(s, &flags)) return 0;
  int type = flags & 0xFF;
  if (type == CODE_NIL_VALUE || type == CODE_NIL) {
    s->cells -= (size_t)f->index;
    pop(s);
    return 1;
  }
  if (type != CODE_PAIRLIST && !(type == CODE_CALL && f->type == CODE_CALL)) {
    const char *name = refused_name(type);
    if (!name) return damaged(s, "a pairlist that ends in type %d", type);
    s->complete = 0;
    refused(s, "%s", name);
    return 0;
  }
  if (s->depth + s->cells >= SCAN_DEPTH_LIMIT) {
    return damaged(s, "a pairlist of more than %d cells", SCAN_DEPTH_LIMIT);
  }
  f->flags = flags;
  f->index++;
  s->cells++;
  f->step = STEP_CELL;
  return 1;
}

/* A deferred string's or a wrapped vector's state is a pair: the vector, then an integer vector. */
static int step_altrep_source(scan_state *s, scan_frame *f) {
  int is_string = name_is(s, f->tag, "deferred_string");
  int fits =
      is_string ? s->last_type == CODE_INTEGER || s->last_type == CODE_DOUBLE : s->last_type == f->type;
  if (!fits) return damaged(s, "an ALTREP object over a vector of another type");
  if (s->depth == s->object_depth + 1 && last_object(s)) last_object(s)->length = (double)s->last_length;
  int32_t flags, length;
  s->item_offset = s->in.at;
  if (!read_int(s, &flags)) return 0;
  if (flags != CODE_INTEGER) return damaged(s, "an ALTREP object without its description");
  if (!read_int(s, &length)) return 0;
  if (length != (is_string ? 1 : 2)) return damaged(s, "an ALTREP object without its description");
  if (!scan_skip_numbers(&s->in, CODE_INTEGER, (uint64_t)length))
    return truncated(s, "a vector", (uint64_t)length);
  f->step = STEP_ATTRIBUTES;
  return 1;
}

static int step(scan_state *s) {
  scan_frame *f = &s->stack[s->depth - 1];
  switch (f->step) {
    case STEP_ELEMENTS: return step_elements(s, f);
    case STEP_ATTRIBUTES: f->step = STEP_DONE; return read_attributes(s, 0);
    case STEP_CELL: return step_cell(s, f);
    case STEP_CELL_TAG: return step_cell_tag(s, f);
    case STEP_CELL_VALUE: return step_cell_value(s, f);
    case STEP_CELL_NEXT: return step_cell_next(s, f);
    case STEP_ALTREP_STATE: f->step = STEP_ALTREP_SOURCE; return read_item(s);
    case STEP_ALTREP_SOURCE: return step_altrep_source(s, f);
    case STEP_DONE: pop(s); return 1;
  }
  return 0;
}

/* ---- the whole */

static int read_header(scan_state *s) {
  scan_reader *in = &s->in;
  int known = in->size >= 2 && in->data[1] == '\n' && memchr("XAB", in->data[0], 3) != NULL;
  if (!known) return damaged(s, "no serialized R data: it begins with none of X, A and B and a line end");
  in->format = (char)in->data[0];
  in->at = 2;
  int32_t version, writer, reader, length;
  if (!read_int(s, &version)) return 0;
  if (version != 2 && version != 3) return damaged(s, "serialization version %d is not 2 or 3", version);
  s->version = version;
  if (!read_int(s, &writer) || !read_int(s, &reader)) return 0;
  if (version == 2) return 1;
  size_t start;
  if (!read_int(s, &length)) return 0;
  if (length < 0 || length > 63) return damaged(s, "a native encoding's name of %d bytes", length);
  return scan_read_text(in, (size_t)length, &start)
             ? 1
             : truncated(s, "a native encoding's name", (uint64_t)length);
}

int scan_run(scan_state *s) {
  s->complete = 1;
  int going = read_header(s) && read_item(s);
  while (going && s->depth > 0) going = step(s);
  /* A full report that stops at byte code has its finding already. */
  if (!going) s->complete = 0;
  return s->status == SCAN_SAFE;
}
