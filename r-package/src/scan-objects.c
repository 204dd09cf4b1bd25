/* What a file holds, for a full report: names, classes, types and lengths. */
#include <string.h>

#include "scan-parts.h"

scan_object *scan_last_object(scan_state *s) {
  int is_kept = s->objects && s->object_count > 0 && s->object_count <= SCAN_OBJECT_LIMIT;
  return is_kept ? &s->objects[s->object_count - 1] : NULL;
}

/* The object that the item just begun is, NULL where it is a part of one. */
scan_object *scan_open_object(scan_state *s) {
  return s->depth == s->object_depth ? scan_last_object(s) : NULL;
}

void scan_begin_object(scan_state *s, int type) {
  if (!s->objects || s->depth != s->object_depth) return;
  if (s->depth > 0 && s->stack[0].type != CODE_PAIRLIST) return;
  s->object_count++;
  scan_object *object = scan_open_object(s);
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
void scan_look_at_object(scan_state *s, const scan_frame *f) {
  scan_object *object = scan_last_object(s);
  int is_own = object && f->is_attributes && s->depth == s->object_depth + 2;
  if (is_own && scan_name_is(s, f->tag, "class")) peek_class(s, object->class);
}
