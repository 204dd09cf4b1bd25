/* Raw vectors outside of R's memory: room that grows, then the vector of what was filled. */
#ifndef CROSSFRAME_BYTES_H
#define CROSSFRAME_BYTES_H

#include "crossframe.h"

#include <R_ext/Rdynload.h>

void bytes_register(DllInfo *dll);

/* What holds the room, empty at first; freed with it, or by cf_release() of its vector. */
SEXP bytes_owner(void);
/* 0 where there is no memory; the room stays as it is then. */
int bytes_resize(SEXP owner, size_t size);
SEXP bytes_vector(SEXP owner, size_t size);
void bytes_free(SEXP owner);

#endif
