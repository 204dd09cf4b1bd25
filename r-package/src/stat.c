/* What lies at a path: exact times, names as bytes, and the path without links.
 *
 * Why not file.info(): it gives the time as a double, which can't hold nanoseconds,
 * and the ETag of the folder store must be the one Python makes. Why not list.files():
 * it passes names through the locale. Paths and names here are UTF-8 bytes, untouched.
 */
#include "crossframe.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *type_name(const struct stat *s) {
  if (S_ISREG(s->st_mode)) return "file";
  if (S_ISDIR(s->st_mode)) return "dir";
  return "other";
}

/* As Python's f"{size:x}-{mtime_ns:x}". */
void cf_etag(char *out, const struct stat *s) {
  int64_t ns = (int64_t)s->st_mtime * 1000000000 + MTIME(*s).tv_nsec;
  const char *sign = ns < 0 ? "-" : "";
  uint64_t magnitude = ns < 0 ? (uint64_t)(-(ns + 1)) + 1 : (uint64_t)ns;
  snprintf(out, ETAG_ROOM, "%" PRIx64 "-%s%" PRIx64, (uint64_t)s->st_size, sign, magnitude);
}

/* list(type, link, size, modified, etag) of vectors; type "none" where nothing is there.
 * Links are followed; `link` says that the path itself is one. */
SEXP cf_file_stat(SEXP paths) {
  R_xlen_t n = XLENGTH(paths);
  const char *names[] = {"type", "link", "size", "modified", "etag", ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SEXP type = SET_VECTOR_ELT(out, 0, Rf_allocVector(STRSXP, n));
  SEXP link = SET_VECTOR_ELT(out, 1, Rf_allocVector(LGLSXP, n));
  SEXP size = SET_VECTOR_ELT(out, 2, Rf_allocVector(REALSXP, n));
  SEXP modified = SET_VECTOR_ELT(out, 3, Rf_allocVector(REALSXP, n));
  SEXP etag = SET_VECTOR_ELT(out, 4, Rf_allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    const char *path = CHAR(STRING_ELT(paths, i));
    struct stat s;
    char text[ETAG_ROOM];
    LOGICAL(link)[i] = lstat(path, &s) == 0 && S_ISLNK(s.st_mode);
    if (stat(path, &s) != 0) {
      SET_STRING_ELT(type, i, Rf_mkChar("none"));
      SET_STRING_ELT(etag, i, NA_STRING);
      REAL(size)[i] = NA_REAL;
      REAL(modified)[i] = NA_REAL;
      continue;
    }
    cf_etag(text, &s);
    SET_STRING_ELT(type, i, Rf_mkChar(type_name(&s)));
    SET_STRING_ELT(etag, i, Rf_mkChar(text));
    REAL(size)[i] = (double)s.st_size;
    REAL(modified)[i] = (double)s.st_mtime + (double)MTIME(s).tv_nsec / 1e9;
  }
  UNPROTECT(1);
  return out;
}

/* list(names) in a directory without "." and "..", in no order. */
SEXP cf_dir_list(SEXP path) {
  DIR *dir = opendir(CHAR(STRING_ELT(path, 0)));
  if (dir == NULL) return cf_failure(errno);
  size_t count = 0, room = 64;
  char **found = malloc(room * sizeof *found);
  for (struct dirent *entry; found != NULL && (entry = readdir(dir)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (count == room) {
      char **more = realloc(found, 2 * room * sizeof *found);
      if (more == NULL) break;
      found = more;
      room *= 2;
    }
    if ((found[count] = strdup(entry->d_name)) == NULL) break;
    count++;
  }
  closedir(dir);
  SEXP out = PROTECT(Rf_allocVector(VECSXP, 1));
  SEXP names = SET_VECTOR_ELT(out, 0, Rf_allocVector(STRSXP, (R_xlen_t)count));
  for (size_t i = 0; i < count; i++) {
    SET_STRING_ELT(names, (R_xlen_t)i, Rf_mkCharCE(found[i], CE_UTF8));
    free(found[i]);
  }
  free(found);
  UNPROTECT(1);
  return out;
}

/* The absolute path with every link resolved; NA where the path does not exist. */
SEXP cf_real_path(SEXP path) {
  char *real = realpath(CHAR(STRING_ELT(path, 0)), NULL);
  if (real == NULL) return Rf_ScalarString(NA_STRING);
  SEXP out = PROTECT(Rf_ScalarString(Rf_mkCharCE(real, CE_UTF8)));
  free(real);
  UNPROTECT(1);
  return out;
}
