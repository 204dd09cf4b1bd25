/* gzip and zlib streams in memory. R's memCompress() writes zlib streams only, and R's connections
   take no raw vector for gzip. */
#include "bytes.h"
#include "crossframe.h"
#include "deflate.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum { EITHER_WINDOW = 47 };
/* An announced size is believed up to this ratio; beyond it the buffer grows with what really comes. */
enum { BELIEVED_RATIO = 32 };

static uInt chunk(size_t size) { return size > UINT_MAX ? UINT_MAX : (uInt)size; }

/* A gzip file of one member. */
SEXP cf_gzip(SEXP bytes, SEXP level) {
  size_t size = (size_t)XLENGTH(bytes);
  SEXP owner = PROTECT(bytes_owner());
  if (!bytes_resize(owner, gzip_room(size))) Rf_error("no memory left to compress");
  size_t taken = gzip_member(RAW(bytes), size, Rf_asInteger(level), R_ExternalPtrAddr(owner));
  if (taken == 0) Rf_error("zlib could not compress");
  SEXP out = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)taken));
  memcpy(RAW(out), R_ExternalPtrAddr(owner), taken);
  bytes_free(owner);
  UNPROTECT(2);
  return out;
}

/* gzip's last four bytes say how much it holds, modulo 2^32. */
static size_t first_room(const unsigned char *data, size_t size) {
  size_t announced = 0;
  if (size >= 18 && data[0] == 0x1f) {
    const unsigned char *p = data + size - 4;
    announced = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
  }
  size_t believed = size * BELIEVED_RATIO + 1024;
  size_t room = announced > 0 && announced <= believed ? announced : size * 4 + 1024;
  return room;
}

/* What is being inflated, and the room that takes it. */
typedef struct {
  const unsigned char *data;
  size_t size, given;
  SEXP owner;
  unsigned char *out;
  size_t room, taken;
  double most;
} inflating;

static int make_room(inflating *all, size_t room) {
  if (!bytes_resize(all->owner, room)) return 0;
  all->out = R_ExternalPtrAddr(all->owner);
  all->room = room;
  return 1;
}

/* One call of zlib; what it answers. Where the room is full, a spare byte tells an output that just fills it
 * from one that goes on. */
static int step(inflating *all, z_stream *stream, size_t *more, const char **wrong) {
  unsigned char spare;
  int is_full = all->taken == all->room;
  uInt in = chunk(all->size - all->given), space = is_full ? 1 : chunk(all->room - all->taken);
  stream->next_in = (unsigned char *)all->data + all->given;
  stream->avail_in = in;
  stream->next_out = is_full ? &spare : all->out + all->taken;
  stream->avail_out = space;
  int status = inflate(stream, Z_NO_FLUSH);
  *more = space - stream->avail_out;
  all->given += in - stream->avail_in;
  if (is_full && *more == 1) {
    if ((double)all->room >= all->most) {
      *wrong = "limit";
      return status;
    }
    double twice = (double)all->room * 2;
    if (!make_room(all, twice > all->most ? (size_t)all->most : (size_t)twice)) {
      *wrong = "too large for the memory";
      return status;
    }
    all->out[all->taken] = spare;
  }
  all->taken += *more;
  return status;
}

static int begins_member(const inflating *all) {
  const unsigned char *at = all->data + all->given;
  return all->data[0] == 0x1f && all->size - all->given >= 2 && at[0] == 0x1f && at[1] == 0x8b;
}

/* NULL, or what is wrong. */
static const char *inflate_all(inflating *all, z_stream *stream) {
  for (;;) {
    const char *wrong = NULL;
    size_t more;
    int status = step(all, stream, &more, &wrong);
    if (wrong) return wrong;
    if (status == Z_STREAM_END) {
      if (all->given == all->size) return NULL;
      if (!begins_member(all)) return "followed by other bytes";
      inflateReset(stream);
    } else if (status == Z_BUF_ERROR || (status == Z_OK && all->given == all->size && more == 0)) {
      if (all->given == all->size) return "truncated";
    } else if (status != Z_OK) {
      return "damaged";
    }
  }
}

/* Inflates gzip (one member after the other) or a zlib stream.
   Answers the bytes, to be released (bytes.c), or a string saying what is wrong: "damaged", "truncated",
   "followed by other bytes", "too large for the memory" or "limit". */
SEXP cf_inflate(SEXP bytes, SEXP limit) {
  inflating all = {.data = RAW(bytes), .size = (size_t)XLENGTH(bytes), .most = Rf_asReal(limit)};
  all.owner = PROTECT(bytes_owner());
  size_t room = first_room(all.data, all.size);
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  const char *wrong = "too large for the memory";
  if (make_room(&all, (double)room > all.most ? (size_t)all.most : room)) {
    if (inflateInit2(&stream, EITHER_WINDOW) != Z_OK) Rf_error("zlib could not start to decompress");
    wrong = inflate_all(&all, &stream);
    inflateEnd(&stream);
  }
  SEXP result = wrong ? Rf_mkString(wrong) : bytes_vector(all.owner, all.taken);
  UNPROTECT(1);
  return result;
}
