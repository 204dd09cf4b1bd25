/* Reading and writing whole files so that nothing is half done and no failure is missed.
 *
 * Why not base R: writeBin() only warns on a full disk, file.rename() and file.remove()
 * only warn at all, and R can neither fsync nor create a file on condition that it is new.
 * Each function returns NULL, or c(name, text) of the error, for R to say what and where.
 */
#include "crossframe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *error_name(int code) {
  switch (code) {
    case EAGAIN: return "EAGAIN";
    case EFBIG: return "EFBIG";
    case EILSEQ: return "EILSEQ";
    case ELOOP: return "ELOOP";
    case EXDEV: return "EXDEV";
    case ESTALE: return "ESTALE";
    case EINVAL: return "EINVAL";
    case EMLINK: return "EMLINK";
    case ENOSYS: return "ENOSYS";
    case ENOTSUP: return "ENOTSUP";
    case EEXIST: return "EEXIST";
    case ENOTEMPTY: return "ENOTEMPTY";
    case ENOENT: return "ENOENT";
    case ENOTDIR: return "ENOTDIR";
    case EISDIR: return "EISDIR";
    case EACCES: return "EACCES";
    case EPERM: return "EPERM";
    case EROFS: return "EROFS";
    case ENOSPC: return "ENOSPC";
    case EDQUOT: return "EDQUOT";
    case ENAMETOOLONG: return "ENAMETOOLONG";
    default: return "EOTHER";
  }
}

SEXP cf_failure(int code) {
  SEXP out = PROTECT(Rf_allocVector(STRSXP, 2));
  SET_STRING_ELT(out, 0, Rf_mkChar(error_name(code)));
  SET_STRING_ELT(out, 1, Rf_mkChar(strerror(code)));
  UNPROTECT(1);
  return out;
}

static SEXP outcome(int status) { return status == 0 ? R_NilValue : cf_failure(errno); }

static const char *text(SEXP path) { return CHAR(STRING_ELT(path, 0)); }

/* Open to read what is a file and, where `etag` is not NA, has that ETag: else ESTALE. */
static int open_source(const char *path, SEXP etag, struct stat *s) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int code = 0;
  if (fstat(fd, s) != 0) {
    code = errno;
  } else if (S_ISDIR(s->st_mode)) {
    code = EISDIR;
  } else if (STRING_ELT(etag, 0) != NA_STRING) {
    char found[ETAG_ROOM];
    cf_etag(found, s);
    if (strcmp(found, text(etag)) != 0) code = ESTALE;
  }
  if (code == 0) return fd;
  close(fd);
  errno = code;
  return -1;
}

/* `length` bytes from `start`, fewer at the end of the file; length NA means all. Only of the content
 * with that ETag, where it is not NA. */
SEXP cf_file_read_as(SEXP path, SEXP start, SEXP length, SEXP etag) {
  struct stat s;
  int fd = open_source(text(path), etag, &s);
  if (fd < 0) return cf_failure(errno);
  double from = Rf_asReal(start), count = Rf_asReal(length), rest = (double)s.st_size - from;
  if (rest < 0) rest = 0;
  if (ISNAN(count) || count > rest) count = rest;
  size_t want = (size_t)count, got = 0;
  SEXP out = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)want));
  errno = 0;
  while (got < want) {
    ssize_t step = pread(fd, RAW(out) + got, want - got, (off_t)from + (off_t)got);
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) break;
    got += (size_t)step;
  }
  int code = got < want ? (errno ? errno : EIO) : 0;
  close(fd);
  UNPROTECT(1);
  return code ? cf_failure(code) : out;
}

SEXP cf_file_read(SEXP path, SEXP start, SEXP length) {
  SEXP any = PROTECT(Rf_ScalarString(NA_STRING));
  SEXP out = cf_file_read_as(path, start, length, any);
  UNPROTECT(1);
  return out;
}

static int write_bytes(int fd, const Rbyte *bytes, size_t size) {
  while (size > 0) {
    ssize_t step = write(fd, bytes, size);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return -1;
    bytes += step;
    size -= (size_t)step;
  }
  return 0;
}

static SEXP copy_failure(int code, const char *side) {
  SEXP out = PROTECT(Rf_allocVector(STRSXP, 3));
  SET_STRING_ELT(out, 0, Rf_mkChar(error_name(code)));
  SET_STRING_ELT(out, 1, Rf_mkChar(strerror(code)));
  SET_STRING_ELT(out, 2, Rf_mkChar(side));
  UNPROTECT(1);
  return out;
}

static SEXP copied_stat(const struct stat *s) {
  const char *names[] = {"size", "modified", "etag", ""};
  char etag[ETAG_ROOM];
  cf_etag(etag, s);
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SET_VECTOR_ELT(out, 0, Rf_ScalarReal((double)s->st_size));
  SET_VECTOR_ELT(out, 1, Rf_ScalarReal((double)s->st_mtime + (double)MTIME(*s).tv_nsec / 1e9));
  SET_VECTOR_ELT(out, 2, Rf_mkString(etag));
  UNPROTECT(1);
  return out;
}

/* A new file with these bytes, on the disk when this returns; removed again where that fails. */
SEXP cf_file_write(SEXP path, SEXP bytes) {
  int fd = open(text(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return cf_failure(errno);
  int status = write_bytes(fd, RAW(bytes), (size_t)XLENGTH(bytes));
  if (status == 0) status = fsync(fd);
  int code = errno;
  /* Why: network file systems report a full disk only here. */
  if (close(fd) != 0 && status == 0) {
    status = -1;
    code = errno;
  }
  if (status == 0) return R_NilValue;
  unlink(text(path));
  return cf_failure(code);
}

/* These bytes into a file at `start`, from 0; made where there is none. */
SEXP cf_file_put(SEXP path, SEXP start, SEXP bytes) {
  int fd = open(text(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return cf_failure(errno);
  off_t at = (off_t)Rf_asReal(start);
  int status = lseek(fd, at, SEEK_SET) == at ? 0 : -1;
  if (status == 0) status = write_bytes(fd, RAW(bytes), (size_t)XLENGTH(bytes));
  int code = errno;
  /* Why: network file systems report a full disk only here. */
  if (close(fd) != 0 && status == 0) {
    status = -1;
    code = errno;
  }
  return status == 0 ? R_NilValue : cf_failure(code);
}

/* A file's bytes into another, in bounded memory, and on the disk when this returns: list(size,
 * modified, etag) of what was copied. Failures have a third text, "source" or "target".
 *
 * `fresh`: the target must be new, else what it holds goes. `dated`: it gets the source's time. */
SEXP cf_file_copy(SEXP from, SEXP to, SEXP etag, SEXP fresh, SEXP dated) {
  enum { ROOM = 1 << 18 };
  struct stat s;
  int in = open_source(text(from), etag, &s);
  if (in < 0) return copy_failure(errno, "source");
  int how = Rf_asLogical(fresh) ? O_EXCL : O_TRUNC;
  int out = open(text(to), O_WRONLY | O_CREAT | O_CLOEXEC | how, 0666);
  if (out < 0) {
    int code = errno;
    close(in);
    return copy_failure(code, "target");
  }
  Rbyte *buffer = (Rbyte *)R_alloc(ROOM, 1);
  off_t copied = 0;
  int code = 0;
  const char *side = "source";
  for (;;) {
    ssize_t got = read(in, buffer, ROOM);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) code = errno;
    if (got <= 0) break;
    copied += got;
    if (write_bytes(out, buffer, (size_t)got) != 0) {
      code = errno;
      side = "target";
      break;
    }
  }
  /* Why looked at: whoever writes into a file in place can do so while it is read. */
  char before[ETAG_ROOM], after[ETAG_ROOM];
  struct stat now;
  cf_etag(before, &s);
  if (code == 0 && (fstat(in, &now) != 0 || copied != s.st_size)) code = ESTALE;
  if (code == 0) {
    cf_etag(after, &now);
    if (strcmp(before, after) != 0) code = ESTALE;
  }
  close(in);
  struct timespec times[2] = {MTIME(s), MTIME(s)};
  if (code == 0 && ((Rf_asLogical(dated) && futimens(out, times) != 0) || fsync(out) != 0)) {
    code = errno;
    side = "target";
  }
  if (close(out) != 0 && code == 0) {
    code = errno;
    side = "target";
  }
  if (code == 0) return copied_stat(&s);
  if (Rf_asLogical(fresh)) unlink(text(to));
  return copy_failure(code, side);
}

static int64_t as_ns(struct timespec time) { return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec; }

/* Set a finished file's time to now, but later than that of the file it is to replace, and later than
 * `after`, nanoseconds in hexadecimal or NA: a file system's own clock ticks too slowly for the ETags of
 * two quick writes to differ, and those who share a folder have clocks of their own. */
SEXP cf_file_touch(SEXP path, SEXP replaced, SEXP after) {
  /* File systems keep times by the ns, the 100 ns, the ms, the second, or two. */
  static const int64_t ticks[] = {1, 1000, 1000000, 1000000000, 2000000000};
  struct timespec now;
  struct stat s;
  int64_t last = 0;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return cf_failure(errno);
  if (stat(text(replaced), &s) == 0 && as_ns(MTIME(s)) > last) last = as_ns(MTIME(s));
  if (STRING_ELT(after, 0) != NA_STRING) {
    int64_t kept = strtoll(text(after), NULL, 16);
    if (kept > last && kept < INT64_MAX - ticks[4]) last = kept;
  }
  for (int i = 0; i < 5; i++) {
    int64_t when = as_ns(now) > last + ticks[i] ? as_ns(now) : last + ticks[i];
    struct timespec then = {(time_t)(when / 1000000000), (long)(when % 1000000000)};
    struct timespec times[2] = {then, then};
    if (utimensat(AT_FDCWD, text(path), times, 0) != 0) return cf_failure(errno);
    if (stat(text(path), &s) != 0) return cf_failure(errno);
    if (as_ns(MTIME(s)) > last) break;
  }
  return R_NilValue;
}

/* An open, locked file, as a number for cf_unlock(), waiting `wait` seconds for whoever has it now
 * (EAGAIN at their end); with `create`, made where it is missing. The lock goes with the process,
 * whatever ends it. */
SEXP cf_lock(SEXP path, SEXP create, SEXP wait) {
  struct timespec pause = {0, 500000}, start, now;
  int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (Rf_asLogical(create) ? O_CREAT : 0);
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (;;) {
    /* Why opened each time: whoever interrupts the waiting must not leave a file open. */
    int fd = open(text(path), flags, 0666);
    if (fd < 0) return cf_failure(errno);
    /* Why: whoever may write in a shared folder must be able to lock it, whatever our umask. */
    if (Rf_asLogical(create)) (void)!fchmod(fd, 0666);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return Rf_ScalarInteger(fd);
    int code = errno;
    close(fd);
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (code != EWOULDBLOCK && code != EINTR) return cf_failure(code);
    if ((double)(as_ns(now) - as_ns(start)) / 1e9 > Rf_asReal(wait)) return cf_failure(EAGAIN);
    R_CheckUserInterrupt();
    nanosleep(&pause, NULL);
    if (pause.tv_nsec < 10000000) pause.tv_nsec *= 2;
  }
}

SEXP cf_unlock(SEXP lock) { return outcome(close(Rf_asInteger(lock))); }

SEXP cf_file_rename(SEXP from, SEXP to) { return outcome(rename(text(from), text(to))); }

/* A second name for a file, refused (EEXIST) where the name is taken: create-if-absent. */
SEXP cf_file_link(SEXP from, SEXP to) { return outcome(link(text(from), text(to))); }

SEXP cf_file_remove(SEXP path) { return outcome(unlink(text(path))); }

SEXP cf_dir_create(SEXP path) { return outcome(mkdir(text(path), 0777)); }

/* Give a folder the permissions of another. */
SEXP cf_file_mode(SEXP path, SEXP as) {
  struct stat s;
  if (stat(text(as), &s) != 0) return cf_failure(errno);
  return outcome(chmod(text(path), s.st_mode & 07777));
}

/* Refused (ENOTEMPTY) where anything is left in it. */
SEXP cf_dir_remove(SEXP path) { return outcome(rmdir(text(path))); }

/* Put a directory's entries on the disk, so that a rename survives a power cut. */
SEXP cf_dir_sync(SEXP path) {
  int fd = open(text(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cf_failure(errno);
  /* Why no error: some file systems can't sync a directory, and the file's own bytes are safe. */
  (void)fsync(fd);
  close(fd);
  return R_NilValue;
}
