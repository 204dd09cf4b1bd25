/* What the scan says: of damage, of what it refuses, and where in the value that stands. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scan-parts.h"

void scan_add_step(char *trail, const char *format, ...) {
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
    scan_add_step(trail, "call");
  } else if (f->tag == 0) {
    scan_add_step(trail, "%s %llu", kind, (unsigned long long)f->index + 1);
  } else {
    const scan_reference *tag = &s->references[f->tag - 1];
    int shown = tag->length > 40 ? 40 : (int)tag->length;
    scan_add_step(trail, "%s '%.*s'", kind, shown, (const char *)s->in.data + tag->name);
  }
}

void scan_write_trail(const scan_state *s, char *trail) {
  trail[0] = 0;
  for (size_t i = 0; i < s->depth; i++) {
    const scan_frame *f = &s->stack[i];
    if (f->step == STEP_ELEMENTS && f->index > 0) {
      scan_add_step(trail, "element %llu", (unsigned long long)f->index);
    } else if (f->step >= STEP_CELL && f->step <= STEP_CELL_NEXT) {
      add_cell(s, f, trail);
    }
  }
}

static void note(scan_state *s, scan_finding *finding, size_t offset, const char *format, va_list values) {
  vsnprintf(finding->what, SCAN_TEXT, format, values);
  scan_write_trail(s, finding->trail);
  finding->offset = offset;
}

/* Always 0, so that callers stop: return scan_damaged(...). */
int scan_damaged(scan_state *s, const char *format, ...) {
  va_list values;
  va_start(values, format);
  note(s, &s->finding, s->item_offset, format, values);
  va_end(values);
  s->status = SCAN_DAMAGED;
  return 0;
}

/* 0 where the scan stops at the first refused item, 1 where a full report goes on. */
int scan_refused(scan_state *s, const char *format, ...) {
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

int scan_truncated(scan_state *s, const char *what, uint64_t length) {
  return scan_damaged(s, "%s of length %llu exceeds the %llu bytes left", what, (unsigned long long)length,
                      (unsigned long long)(s->in.size - s->in.at));
}
