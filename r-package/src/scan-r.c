/* The scan as R calls it: bytes in, a list of findings out. */
#include "bytes.h"
#include "crossframe.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

static SEXP text(const char *value) { return Rf_ScalarString(Rf_mkCharCE(value, CE_UTF8)); }

static void set(SEXP list, SEXP names, int at, const char *name, SEXP value) {
  SET_VECTOR_ELT(list, at, value);
  SET_STRING_ELT(names, at, Rf_mkChar(name));
}

/* list(what, offset, trail); offset counts from 0. */
static SEXP finding_list(const scan_finding *finding) {
  SEXP list = PROTECT(Rf_allocVector(VECSXP, 3));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, 3));
  set(list, names, 0, "what", text(finding->what));
  set(list, names, 1, "offset", Rf_ScalarReal((double)finding->offset));
  set(list, names, 2, "trail", text(finding->trail));
  Rf_setAttrib(list, R_NamesSymbol, names);
  UNPROTECT(2);
  return list;
}

static SEXP type_counts(const scan_state *state) {
  SEXP counts = PROTECT(Rf_allocVector(INTSXP, 256));
  for (int i = 0; i < 256; i++) INTEGER(counts)[i] = state->counts[i];
  UNPROTECT(1);
  return counts;
}

static SEXP findings_list(const scan_finding *findings, int count, int limit) {
  int kept = count < limit ? count : limit;
  SEXP list = PROTECT(Rf_allocVector(VECSXP, kept));
  for (int i = 0; i < kept; i++) SET_VECTOR_ELT(list, i, finding_list(&findings[i]));
  UNPROTECT(1);
  return list;
}

/* list(name, type, class, length): vectors of one element an object. */
static SEXP object_list(const scan_state *state) {
  int kept = state->object_count < SCAN_OBJECT_LIMIT ? state->object_count : SCAN_OBJECT_LIMIT;
  SEXP list = PROTECT(Rf_allocVector(VECSXP, 4));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, 4));
  set(list, names, 0, "name", Rf_allocVector(STRSXP, kept));
  set(list, names, 1, "type", Rf_allocVector(INTSXP, kept));
  set(list, names, 2, "class", Rf_allocVector(STRSXP, kept));
  set(list, names, 3, "length", Rf_allocVector(REALSXP, kept));
  for (int i = 0; i < kept; i++) {
    const scan_object *object = &state->objects[i];
    SET_STRING_ELT(VECTOR_ELT(list, 0), i, Rf_mkCharCE(object->name, CE_UTF8));
    INTEGER(VECTOR_ELT(list, 1))[i] = object->type;
    SET_STRING_ELT(VECTOR_ELT(list, 2), i, Rf_mkCharCE(object->class, CE_UTF8));
    REAL(VECTOR_ELT(list, 3))[i] = object->length < 0 ? R_NaReal : object->length;
  }
  Rf_setAttrib(list, R_NamesSymbol, names);
  UNPROTECT(2);
  return list;
}

static SEXP summary(const scan_state *state) {
  static const char *const statuses[] = {"safe", "damaged", "unsafe"};
  const char format[2] = {state->in.format ? state->in.format : '?', 0};
  SEXP list = PROTECT(Rf_allocVector(VECSXP, 10));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, 10));
  set(list, names, 0, "status", text(statuses[state->status]));
  set(list, names, 1, "finding", state->status == SCAN_SAFE ? R_NilValue : finding_list(&state->finding));
  set(list, names, 2, "format", text(format));
  set(list, names, 3, "version", Rf_ScalarInteger(state->version));
  set(list, names, 4, "counts", type_counts(state));
  set(list, names, 5, "refused", findings_list(state->refused, state->refused_count, SCAN_REFUSED_LIMIT));
  set(list, names, 6, "complete", Rf_ScalarLogical(state->complete));
  set(list, names, 7, "used", Rf_ScalarReal((double)state->in.at));
  set(list, names, 8, "objects", object_list(state));
  set(list, names, 9, "formulas", findings_list(state->formulas, state->formula_count, SCAN_FORMULA_LIMIT));
  Rf_setAttrib(list, R_NamesSymbol, names);
  UNPROTECT(2);
  return list;
}

/* The buffers of a scan, freed by the garbage collector should R stop in between. */
typedef struct {
  scan_state state;
} scan_room;

static void free_room(SEXP pointer) {
  scan_room *room = R_ExternalPtrAddr(pointer);
  if (!room) return;
  free(room->state.stack);
  free(room->state.references);
  free(room->state.refused);
  free(room->state.formulas);
  free(room->state.objects);
  free(room);
  R_ClearExternalPtr(pointer);
}

static void open_report(scan_state *state) {
  state->full_report = 1;
  state->refused = calloc(SCAN_REFUSED_LIMIT, sizeof *state->refused);
  state->formulas = calloc(SCAN_FORMULA_LIMIT, sizeof *state->formulas);
  state->objects = calloc(SCAN_OBJECT_LIMIT, sizeof *state->objects);
  if (!state->refused || !state->formulas || !state->objects) Rf_error("no memory left for the scan");
}

/* Scans the bytes of a serialized R value.
   report: 0 stops at the first refused item; 1 goes on behind it, for a list of all of them and of what the
   value is; 2 the same for the pairlist of an RData, whose cells are the objects. */
SEXP cf_scan(SEXP bytes, SEXP report) {
  scan_room *room = calloc(1, sizeof *room);
  if (!room) Rf_error("no memory left for the scan");
  SEXP pointer = PROTECT(R_MakeExternalPtr(room, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(pointer, free_room, TRUE);
  room->state.in.data = RAW(bytes);
  room->state.in.size = (size_t)XLENGTH(bytes);
  if (Rf_asInteger(report) > 0) open_report(&room->state);
  room->state.object_depth = Rf_asInteger(report) == 2;
  scan_run(&room->state);
  SEXP result = PROTECT(summary(&room->state));
  free_room(pointer);
  UNPROTECT(2);
  return result;
}

/* The bytes from `offset` (from 0) on, to be released (bytes.c): an RData file behind its first line. */
SEXP cf_raw_tail(SEXP bytes, SEXP offset) {
  R_xlen_t from = (R_xlen_t)Rf_asReal(offset), size = XLENGTH(bytes);
  if (from < 0 || from > size) Rf_error("offset outside the bytes");
  size_t count = (size_t)(size - from);
  SEXP owner = PROTECT(bytes_owner());
  if (!bytes_resize(owner, count)) Rf_error("no memory left for the bytes");
  if (count > 0) memcpy(R_ExternalPtrAddr(owner), RAW(bytes) + from, count);
  SEXP tail = bytes_vector(owner, count);
  UNPROTECT(1);
  return tail;
}
