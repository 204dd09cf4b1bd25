/* Reading and writing whole files so that nothing is half done and no failure is missed.
 *
 * Why not base R: writeBin() only warns on a full disk, file.rename() and file.remove()
 * only warn at all, and R can neither fsync nor create a file on condition that it is new.
 * Each function returns NULL, or c(name, text) of the error, for R to say what and where.
 */
#include "crossframe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *error_name(int code) {
  switch (code) {
    case EFBIG: return "EFBIG";
    case EILSEQ: return "EILSEQ";
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

/* `length` bytes from `start`, fewer at the end of the file; length NA means all. */
SEXP cf_file_read(SEXP path, SEXP start, SEXP length) {
  struct stat s;
  int fd = open(text(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cf_failure(errno);
  if (fstat(fd, &s) != 0 || S_ISDIR(s.st_mode)) {
    int code = S_ISDIR(s.st_mode) ? EISDIR : errno;
    close(fd);
    return cf_failure(code);
  }
  double from = Rf_asReal(start), count = Rf_asReal(length), rest = (double)s.st_size - from;
  if (rest < 0) rest = 0;
  if (ISNAN(count) || count > rest) count = rest;
  size_t want = (size_t)count, got = 0;
  SEXP out = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)want));
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

static int write_all(int fd, const Rbyte *bytes, size_t size) {
  while (size > 0) {
    ssize_t step = write(fd, bytes, size);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return -1;
    bytes += step;
    size -= (size_t)step;
  }
  return fsync(fd);
}

/* A new file with these bytes, on the disk when this returns; removed again where that fails. */
SEXP cf_file_write(SEXP path, SEXP bytes) {
  int fd = open(text(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return cf_failure(errno);
  int status = write_all(fd, RAW(bytes), (size_t)XLENGTH(bytes));
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

/* Set a finished file's time to now, but later than that of the file it is to replace:
 * a file system's own clock ticks too slowly for the ETags of two quick writes to differ. */
SEXP cf_file_touch(SEXP path, SEXP replaced) {
  struct timespec now;
  struct stat old;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return cf_failure(errno);
  if (stat(text(replaced), &old) == 0) {
    struct timespec then = MTIME(old);
    if (now.tv_sec < then.tv_sec || (now.tv_sec == then.tv_sec && now.tv_nsec <= then.tv_nsec)) {
      now = then;
      now.tv_nsec += 1;
      if (now.tv_nsec == 1000000000) {
        now.tv_sec += 1;
        now.tv_nsec = 0;
      }
    }
  }
  struct timespec times[2] = {now, now};
  return outcome(utimensat(AT_FDCWD, text(path), times, 0));
}

/* An open, locked file, as a number for cf_unlock(), waiting for whoever has it now; with
 * `create`, made where it is missing. The lock goes with the process, whatever ends it. */
SEXP cf_lock(SEXP path, SEXP create) {
  int fd = open(text(path), O_RDWR | O_CLOEXEC | (Rf_asLogical(create) ? O_CREAT : 0), 0666);
  if (fd < 0) return cf_failure(errno);
  /* Why: whoever may write in a shared folder must be able to lock it, whatever our umask. */
  if (Rf_asLogical(create)) (void)!fchmod(fd, 0666);
  while (flock(fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    int code = errno;
    close(fd);
    return cf_failure(code);
  }
  return Rf_ScalarInteger(fd);
}

SEXP cf_unlock(SEXP lock) { return outcome(close(Rf_asInteger(lock))); }

SEXP cf_file_rename(SEXP from, SEXP to) { return outcome(rename(text(from), text(to))); }

/* A second name for a file, refused (EEXIST) where the name is taken: create-if-absent. */
SEXP cf_file_link(SEXP from, SEXP to) { return outcome(link(text(from), text(to))); }

SEXP cf_file_remove(SEXP path) { return outcome(unlink(text(path))); }

SEXP cf_dir_create(SEXP path) { return outcome(mkdir(text(path), 0777)); }

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
