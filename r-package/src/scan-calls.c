/* Calls: code, but for formulas, which are data (CO2, ChickWeight). A call's attributes come first. */
#include <stdio.h>

#include "scan-parts.h"

static void note_formula(scan_state *s) {
  if (!s->formulas) return;
  if (s->formula_count < SCAN_FORMULA_LIMIT) {
    scan_finding *finding = &s->formulas[s->formula_count];
    snprintf(finding->what, SCAN_TEXT, "a formula");
    scan_write_trail(s, finding->trail);
    finding->offset = s->item_offset;
  }
  s->formula_count++;
}

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

void scan_look_at_call(scan_state *s, const scan_frame *f) {
  scan_frame *call = &s->stack[f->owner - 1];
  if (scan_name_is(s, f->tag, "class")) {
    call->formula_class = peek_has_formula(s);
  } else if (scan_name_is(s, f->tag, ".Environment")) {
    int type = peek_type(s);
    call->formula_home = type == CODE_GLOBAL_ENV || type == CODE_BASE_ENV || type == CODE_EMPTY_ENV;
  }
}

/* Calls inside a formula are parts of it. */
int scan_check_call(scan_state *s, const scan_frame *f) {
  if (s->open_calls > 1 || s->open_refused > 0) return 1;
  s->item_offset = f->offset;
  if (!f->formula_class) return scan_refused(s, "a call");
  if (!f->formula_home) return scan_refused(s, "a formula with an environment");
  note_formula(s);
  return 1;
}
