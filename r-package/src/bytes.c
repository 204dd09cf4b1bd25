/* Raw vectors whose bytes lie outside of R's memory, so that a large one does not make R collect garbage:
 * that looks at every string there is, and costs more than the reading of what the bytes hold. Why release():
 * R does not see what they take, so whoever is done with them says so. */
#include "bytes.h"

#include <R_ext/Altrep.h>
#include <stdlib.h>

static R_altrep_class_t bytes_class;

static void *address_of(SEXP bytes) { return R_ExternalPtrAddr(R_altrep_data1(bytes)); }

static R_xlen_t bytes_length(SEXP bytes) { return (R_xlen_t)Rf_asReal(R_altrep_data2(bytes)); }

static void *bytes_pointer(SEXP bytes, Rboolean writeable) {
  static unsigned char none;
  (void)writeable;
  void *address = address_of(bytes);
  return address ? address : &none;
}

static const void *bytes_pointer_or_null(SEXP bytes) { return bytes_pointer(bytes, FALSE); }

void bytes_free(SEXP owner) {
  free(R_ExternalPtrAddr(owner));
  R_ClearExternalPtr(owner);
}

void bytes_register(DllInfo *dll) {
  bytes_class = R_make_altraw_class("bytes", "crossframe", dll);
  R_set_altrep_Length_method(bytes_class, bytes_length);
  R_set_altvec_Dataptr_method(bytes_class, bytes_pointer);
  R_set_altvec_Dataptr_or_null_method(bytes_class, bytes_pointer_or_null);
}

SEXP bytes_owner(void) {
  SEXP owner = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(owner, bytes_free, TRUE);
  UNPROTECT(1);
  return owner;
}

int bytes_resize(SEXP owner, size_t size) {
  void *more = realloc(R_ExternalPtrAddr(owner), size > 0 ? size : 1);
  if (!more) return 0;
  R_SetExternalPtrAddr(owner, more);
  return 1;
}

SEXP bytes_vector(SEXP owner, size_t size) {
  SEXP length = PROTECT(Rf_ScalarReal((double)size));
  SEXP bytes = R_new_altrep(bytes_class, owner, length);
  UNPROTECT(1);
  return bytes;
}

/* Lets go of such bytes, of which there are then none; other vectors stay as they are. */
SEXP cf_release(SEXP bytes) {
  if (ALTREP(bytes) && R_altrep_inherits(bytes, bytes_class)) {
    R_set_altrep_data2(bytes, Rf_ScalarReal(0));
    bytes_free(R_altrep_data1(bytes));
  }
  return R_NilValue;
}
