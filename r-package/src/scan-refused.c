/* What is never loaded, and how a full report goes on behind it. */
#include "scan-parts.h"

const char *scan_refused_name(int type) {
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
int scan_push_refused(scan_state *s, int type, int32_t flags, uint64_t count) {
  scan_frame *f = scan_push(s, STEP_ELEMENTS, type, flags);
  if (!f) return 0;
  f->length = count;
  f->is_refused = 1;
  s->open_refused++;
  return 1;
}

/* Namespaces, packages and persistent references: strings that say which. */
static int read_refused_names(scan_state *s) {
  int32_t zero, count;
  if (!scan_take_int(s, &zero) || !scan_take_int(s, &count)) return 0;
  if (count < 0) return scan_damaged(s, "a name of negative length");
  return scan_add_reference(s, 0, 0, 0) && scan_take_strings(s, (uint64_t)count);
}

/* Goes on inside a refused item for a full report. */
int scan_enter_refused(scan_state *s, int type, int32_t flags) {
  int32_t word;
  uint64_t length = 0;
  size_t start;
  switch (type) {
    case CODE_CLOSURE:
    case CODE_PROMISE:
    case CODE_DOTS:
      return scan_push_refused(s, type, 0, 2 + ((flags & HAS_ATTRIBUTES) != 0) + ((flags & HAS_TAG) != 0));
    case CODE_ENVIRONMENT:
      return scan_take_int(s, &word) && scan_add_reference(s, 0, 0, 0) && scan_push_refused(s, type, 0, 4);
    case CODE_EXPRESSION: return scan_take_length(s, &length) && scan_push_refused(s, type, flags, length);
    case CODE_SPECIAL:
    case CODE_BUILTIN:
      if (!scan_take_int(s, &word)) return 0;
      return (word >= 0 && scan_read_text(&s->in, (size_t)word, &start)) || scan_truncated(s, "a name", 0);
    case CODE_PERSISTENT:
    case CODE_PACKAGE:
    case CODE_NAMESPACE: return read_refused_names(s);
    case CODE_BASE_NAMESPACE: return 1;
    default: /* byte code: nothing behind it can be found without taking it apart */
      s->complete = 0;
      return 0;
  }
}
