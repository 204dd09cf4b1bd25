/* The safety scan: a walk over serialized R data that builds nothing.

   unserialize() runs code on mere reading (promises, namespaces, active bindings, ALTREP classes of
   packages, memory maps) or hands over objects that do (functions, calls). The scan accepts the types
   that data is made of, checks every length against the bytes left, keeps its own stack, and says
   what stands in the way, at which offset and where in the value.
   Source: R Internals, "Serialization Formats", and ReadItem() in serialize.c (R 4.2). */
#include <stdlib.h>
#include <string.h>

#include "scan-parts.h"

/* ---- the stack */

scan_frame *scan_push(scan_state *s, scan_step step, int type, int32_t flags) {
  if (s->depth + s->cells >= SCAN_DEPTH_LIMIT) {
    scan_damaged(s, "more than %d values nested in each other", SCAN_DEPTH_LIMIT);
    return NULL;
  }
  if (s->depth == s->stack_room) {
    size_t room = s->stack_room ? s->stack_room * 2 : 64;
    scan_frame *more = realloc(s->stack, room * sizeof *more);
    if (!more) {
      scan_damaged(s, "no memory left for the scan");
      return NULL;
    }
    s->stack = more;
    s->stack_room = room;
  }
  scan_frame *f = &s->stack[s->depth++];
  *f = (scan_frame){.step = step, .type = type, .flags = flags, .offset = s->item_offset};
  return f;
}

void scan_pop(scan_state *s) {
  scan_frame *f = &s->stack[--s->depth];
  s->last_type = f->type;
  s->last_length = f->length;
  if (f->type == CODE_CALL) s->open_calls--;
  if (f->is_refused) s->open_refused--;
}

/* ---- one step of the topmost frame */

static int step_elements(scan_state *s, scan_frame *f) {
  if (f->index < f->length) {
    f->index++;
    return scan_take_item(s);
  }
  if (!(f->flags & HAS_ATTRIBUTES)) {
    scan_pop(s);
    return 1;
  }
  f->step = STEP_DONE;
  return scan_take_attributes(s, 0);
}

static int step_cell(scan_state *s, scan_frame *f) {
  int has_attributes = (f->flags & HAS_ATTRIBUTES) != 0;
  f->step = STEP_CELL_TAG;
  f->tag = 0;
  return has_attributes ? scan_take_attributes(s, f->type == CODE_CALL && f->index == 0 ? s->depth : 0) : 1;
}

static int step_cell_tag(scan_state *s, scan_frame *f) {
  int32_t flags;
  if (f->type == CODE_CALL && f->index == 0 && !scan_check_call(s, f)) return 0;
  f->step = STEP_CELL_VALUE;
  if (!(f->flags & HAS_TAG)) return 1;
  s->item_offset = s->in.at;
  if (!scan_take_int(s, &flags)) return 0;
  if ((flags & 0xFF) == CODE_NIL_VALUE) return 1;
  return scan_take_name(s, flags, &f->tag);
}

static int step_cell_value(scan_state *s, scan_frame *f) {
  if (f->owner > 0) scan_look_at_call(s, f);
  scan_look_at_object(s, f);
  f->step = STEP_CELL_NEXT;
  return scan_take_item(s);
}

static int step_cell_next(scan_state *s, scan_frame *f) {
  int32_t flags;
  s->item_offset = s->in.at;
  if (!scan_take_int(s, &flags)) return 0;
  int type = flags & 0xFF;
  if (type == CODE_NIL_VALUE || type == CODE_NIL) {
    s->cells -= (size_t)f->index;
    scan_pop(s);
    return 1;
  }
  if (type != CODE_PAIRLIST && !(type == CODE_CALL && f->type == CODE_CALL)) {
    const char *name = scan_refused_name(type);
    if (!name) return scan_damaged(s, "a pairlist that ends in type %d", type);
    s->complete = 0;
    scan_refused(s, "%s", name);
    return 0;
  }
  if (s->depth + s->cells >= SCAN_DEPTH_LIMIT) {
    return scan_damaged(s, "a pairlist of more than %d cells", SCAN_DEPTH_LIMIT);
  }
  f->flags = flags;
  f->index++;
  s->cells++;
  f->step = STEP_CELL;
  return 1;
}

static int step(scan_state *s) {
  scan_frame *f = &s->stack[s->depth - 1];
  switch (f->step) {
    case STEP_ELEMENTS: return step_elements(s, f);
    case STEP_ATTRIBUTES: f->step = STEP_DONE; return scan_take_attributes(s, 0);
    case STEP_CELL: return step_cell(s, f);
    case STEP_CELL_TAG: return step_cell_tag(s, f);
    case STEP_CELL_VALUE: return step_cell_value(s, f);
    case STEP_CELL_NEXT: return step_cell_next(s, f);
    case STEP_ALTREP_STATE: f->step = STEP_ALTREP_SOURCE; return scan_take_item(s);
    case STEP_ALTREP_SOURCE: return scan_step_altrep(s, f);
    case STEP_DONE: scan_pop(s); return 1;
  }
  return 0;
}

/* ---- the whole */

static int read_header(scan_state *s) {
  scan_reader *in = &s->in;
  int known = in->size >= 2 && in->data[1] == '\n' && memchr("XAB", in->data[0], 3) != NULL;
  if (!known)
    return scan_damaged(s, "no serialized R data: it begins with none of X, A and B and a line end");
  in->format = (char)in->data[0];
  in->at = 2;
  int32_t version, writer, reader, length;
  if (!scan_take_int(s, &version)) return 0;
  if (version != 2 && version != 3) return scan_damaged(s, "serialization version %d is not 2 or 3", version);
  s->version = version;
  if (!scan_take_int(s, &writer) || !scan_take_int(s, &reader)) return 0;
  if (version == 2) return 1;
  size_t start;
  if (!scan_take_int(s, &length)) return 0;
  if (length < 0 || length > 63) return scan_damaged(s, "a native encoding's name of %d bytes", length);
  return scan_read_text(in, (size_t)length, &start)
             ? 1
             : scan_truncated(s, "a native encoding's name", (uint64_t)length);
}

int scan_run(scan_state *s) {
  s->complete = 1;
  int going = read_header(s) && scan_take_item(s);
  while (going && s->depth > 0) going = step(s);
  /* A full report that stops at byte code has its finding already. */
  if (!going) s->complete = 0;
  return s->status == SCAN_SAFE;
}
