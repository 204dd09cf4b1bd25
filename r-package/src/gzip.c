/* gzip and zlib streams in memory. R's memCompress() writes zlib streams only, and R's connections
   take no raw vector for gzip. */
#include "crossframe.h"
#include "deflate.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum { EITHER_WINDOW = 47 };
/* An announced size is believed up to this ratio; beyond it the buffer grows with what really comes. */
enum { BELIEVED_RATIO = 32 };

static uInt chunk(size_t size) { return size > UINT_MAX ? UINT_MAX : (uInt)size; }

static SEXP resized(SEXP old, size_t used, size_t size) {
  if (size == (size_t)XLENGTH(old)) return old;
  SEXP new = Rf_allocVector(RAWSXP, (R_xlen_t)size);
  if (used > 0) memcpy(RAW(new), RAW(old), used);
  return new;
}

/* A gzip file of one member. */
SEXP cf_gzip(SEXP bytes, SEXP level) {
  size_t size = (size_t)XLENGTH(bytes);
  SEXP out = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)gzip_room(size)));
  size_t taken = gzip_member(RAW(bytes), size, Rf_asInteger(level), RAW(out));
  if (taken == 0) Rf_error("zlib could not compress");
  out = resized(out, taken, taken);
  UNPROTECT(1);
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

static SEXP problem(const char *what) { return Rf_mkString(what); }

/* Inflates gzip (one member after the other) or a zlib stream.
   Answers the bytes, or a string saying what is wrong: "damaged", "truncated",
   "followed by other bytes" or "limit". */
SEXP cf_inflate(SEXP bytes, SEXP limit) {
  const unsigned char *data = RAW(bytes);
  size_t size = (size_t)XLENGTH(bytes), given = 0, taken = 0;
  double most = Rf_asReal(limit);
  size_t room = first_room(data, size);
  if ((double)room > most) room = (size_t)most;
  PROTECT_INDEX index;
  SEXP out = Rf_allocVector(RAWSXP, (R_xlen_t)room);
  PROTECT_WITH_INDEX(out, &index);
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, EITHER_WINDOW) != Z_OK) Rf_error("zlib could not start to decompress");
  const char *wrong = NULL;
  unsigned char spare; /* tells an output that just fills the room from one that goes on */
  for (;;) {
    int is_full = taken == room;
    uInt in = chunk(size - given), space = is_full ? 1 : chunk(room - taken);
    stream.next_in = (unsigned char *)data + given;
    stream.avail_in = in;
    stream.next_out = is_full ? &spare : RAW(out) + taken;
    stream.avail_out = space;
    int status = inflate(&stream, Z_NO_FLUSH);
    size_t more = space - stream.avail_out;
    given += in - stream.avail_in;
    if (is_full && more == 1) {
      if ((double)room >= most) {
        wrong = "limit";
        break;
      }
      room = (double)room * 2 > most ? (size_t)most : room * 2;
      out = resized(out, taken, room);
      REPROTECT(out, index);
      RAW(out)[taken] = spare;
    }
    taken += more;
    if (status == Z_STREAM_END) {
      if (given == size) break;
      int another = data[0] == 0x1f && size - given >= 2 && data[given] == 0x1f && data[given + 1] == 0x8b;
      if (!another) {
        wrong = "followed by other bytes";
        break;
      }
      inflateReset(&stream);
    } else if (status == Z_BUF_ERROR || (status == Z_OK && given == size && more == 0)) {
      if (given == size) {
        wrong = "truncated";
        break;
      }
    } else if (status != Z_OK) {
      wrong = "damaged";
      break;
    }
  }
  inflateEnd(&stream);
  SEXP result = wrong ? problem(wrong) : resized(out, taken, taken);
  UNPROTECT(1);
  return result;
}
