/* What the C files of the package offer to R; init.c registers them. */
#ifndef CROSSFRAME_H
#define CROSSFRAME_H

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <sys/stat.h>

/* A file's time, in seconds and nanoseconds. */
#ifdef __APPLE__
#define MTIME(s) ((s).st_mtimespec)
#else
#define MTIME(s) ((s).st_mtim)
#endif

/* bytes.c */
SEXP cf_release(SEXP bytes);

/* stat.c */
SEXP cf_file_stat(SEXP paths);
SEXP cf_dir_list(SEXP path);
SEXP cf_real_path(SEXP path);
enum { ETAG_ROOM = 64 };
void cf_etag(char *out, const struct stat *s);

/* file.c: NULL (or what is asked for), or c(name, text) of the error where a call failed */
SEXP cf_failure(int code);
SEXP cf_file_read(SEXP path, SEXP start, SEXP length);
SEXP cf_file_read_as(SEXP path, SEXP start, SEXP length, SEXP etag);
SEXP cf_file_put(SEXP path, SEXP start, SEXP bytes);
SEXP cf_file_write(SEXP path, SEXP bytes);
SEXP cf_file_copy(SEXP from, SEXP to, SEXP etag, SEXP fresh, SEXP dated);
SEXP cf_file_touch(SEXP path, SEXP replaced, SEXP after);
SEXP cf_lock(SEXP path, SEXP create, SEXP wait);
SEXP cf_file_mode(SEXP path, SEXP as);
SEXP cf_unlock(SEXP lock);
SEXP cf_file_rename(SEXP from, SEXP to);
SEXP cf_file_link(SEXP from, SEXP to);
SEXP cf_file_remove(SEXP path);
SEXP cf_dir_create(SEXP path);
SEXP cf_dir_remove(SEXP path);
SEXP cf_dir_sync(SEXP path);

/* crc.c */
SEXP cf_crc(SEXP bytes, SEXP polynomial, SEXP width, SEXP before);

/* headers.c */
SEXP cf_headers(SEXP bytes);

/* scan-r.c */
SEXP cf_scan(SEXP bytes, SEXP report);
SEXP cf_raw_tail(SEXP bytes, SEXP offset);

/* gzip.c */
SEXP cf_gzip(SEXP bytes, SEXP level);
SEXP cf_inflate(SEXP bytes, SEXP limit);

/* csv-read.c, csv-write.c */
SEXP cf_csv_index(SEXP bytes, SEXP separator);
SEXP cf_csv_guess(SEXP bytes, SEXP index, SEXP column, SEXP separator);
SEXP cf_csv_column(SEXP bytes, SEXP index, SEXP column, SEXP separator, SEXP type, SEXP levels,
                   SEXP na_is_missing);
SEXP cf_csv_write(SEXP columns, SEXP kinds, SEXP names, SEXP separator);

#endif
