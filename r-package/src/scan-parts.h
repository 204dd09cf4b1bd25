/* What the files of the scan offer each other. Those that answer an int answer 0 where the scan must stop,
   with what was found in the state. */
#ifndef CROSSFRAME_SCAN_PARTS_H
#define CROSSFRAME_SCAN_PARTS_H

#include "scan.h"

/* scan-found.c; scan_damaged() and scan_truncated() always answer 0: return scan_damaged(...).
   scan_refused() answers 1 where a full report goes on. */
void scan_add_step(char *trail, const char *format, ...);
void scan_write_trail(const scan_state *s, char *trail);
int scan_damaged(scan_state *s, const char *format, ...);
int scan_refused(scan_state *s, const char *format, ...);
int scan_truncated(scan_state *s, const char *what, uint64_t length);

/* scan-words.c; a number is that of a reference, from 1 on */
int scan_take_int(scan_state *s, int32_t *value);
int scan_take_length(scan_state *s, uint64_t *length);
int scan_take_strings(scan_state *s, uint64_t count);
int scan_add_reference(scan_state *s, int is_symbol, size_t name, size_t length);
int scan_take_symbol(scan_state *s, size_t *number);
int scan_take_reference(scan_state *s, int32_t flags, size_t *number);
int scan_take_name(scan_state *s, int32_t flags, size_t *number);
int scan_name_is(const scan_state *s, size_t number, const char *text);

/* scan.c: the stack; NULL where it is full */
scan_frame *scan_push(scan_state *s, scan_step step, int type, int32_t flags);
void scan_pop(scan_state *s);

/* scan-objects.c */
scan_object *scan_last_object(scan_state *s);
scan_object *scan_open_object(scan_state *s);
void scan_begin_object(scan_state *s, int type);
void scan_look_at_object(scan_state *s, const scan_frame *f);

/* scan-calls.c */
void scan_look_at_call(scan_state *s, const scan_frame *f);
int scan_check_call(scan_state *s, const scan_frame *f);

/* scan-refused.c; NULL of a type that is data */
const char *scan_refused_name(int type);
int scan_push_refused(scan_state *s, int type, int32_t flags, uint64_t count);
int scan_enter_refused(scan_state *s, int type, int32_t flags);

/* scan-altrep.c */
int scan_take_altrep(scan_state *s);
int scan_step_altrep(scan_state *s, scan_frame *f);

/* scan-items.c */
int scan_take_attributes(scan_state *s, size_t owner);
int scan_finish_vector(scan_state *s, int type, int32_t flags, uint64_t length);
int scan_take_item(scan_state *s);

#endif
