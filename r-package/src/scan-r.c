/* The scan as R calls it: bytes in, a list of findings out. */
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

static SEXP refused_list(const scan_state *state) {
  int kept = state->refused_count < SCAN_REFUSED_LIMIT ? state->refused_count : SCAN_REFUSED_LIMIT;
  SEXP list = PROTECT(Rf_allocVector(VECSXP, kept));
  for (int i = 0; i < kept; i++) SET_VECTOR_ELT(list, i, finding_list(&state->refused[i]));
  UNPROTECT(1);
  return list;
}

static SEXP summary(const scan_state *state) {
  static const char *const statuses[] = {"safe", "damaged", "unsafe"};
  const char format[2] = {state->in.format ? state->in.format : '?', 0};
  SEXP list = PROTECT(Rf_allocVector(VECSXP, 8));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, 8));
  set(list, names, 0, "status", text(statuses[state->status]));
  set(list, names, 1, "finding", state->status == SCAN_SAFE ? R_NilValue : finding_list(&state->finding));
  set(list, names, 2, "format", text(format));
  set(list, names, 3, "version", Rf_ScalarInteger(state->version));
  set(list, names, 4, "counts", type_counts(state));
  set(list, names, 5, "refused", refused_list(state));
  set(list, names, 6, "complete", Rf_ScalarLogical(state->complete));
  set(list, names, 7, "used", Rf_ScalarReal((double)state->in.at));
  Rf_setAttrib(list, R_NamesSymbol, names);
  UNPROTECT(2);
  return list;
}

/* The buffers of a scan, freed by the garbage collector should R stop in between. */
typedef struct {
  scan_state state;
  scan_finding refused[SCAN_REFUSED_LIMIT];
} scan_room;

static void free_room(SEXP pointer) {
  scan_room *room = R_ExternalPtrAddr(pointer);
  if (!room) return;
  free(room->state.stack);
  free(room->state.references);
  free(room);
  R_ClearExternalPtr(pointer);
}

/* Scans the bytes of a serialized R value.
   report: go on behind refused items, for a list of all of them. */
SEXP cf_scan(SEXP bytes, SEXP report) {
  scan_room *room = calloc(1, sizeof *room);
  if (!room) Rf_error("no memory left for the scan");
  SEXP pointer = PROTECT(R_MakeExternalPtr(room, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(pointer, free_room, TRUE);
  room->state.in.data = RAW(bytes);
  room->state.in.size = (size_t)XLENGTH(bytes);
  room->state.full_report = Rf_asLogical(report) == TRUE;
  room->state.refused = room->refused;
  scan_run(&room->state);
  SEXP result = PROTECT(summary(&room->state));
  free_room(pointer);
  UNPROTECT(2);
  return result;
}

/* The bytes from `offset` (from 0) on: an RData file behind its first line. */
SEXP cf_raw_tail(SEXP bytes, SEXP offset) {
  R_xlen_t from = (R_xlen_t)Rf_asReal(offset), size = XLENGTH(bytes);
  if (from < 0 || from > size) Rf_error("offset outside the bytes");
  SEXP tail = PROTECT(Rf_allocVector(RAWSXP, size - from));
  if (size > from) memcpy(RAW(tail), RAW(bytes) + from, (size_t)(size - from));
  UNPROTECT(1);
  return tail;
}
