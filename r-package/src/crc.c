/* The CRC checksums that S3 stores beside an object, by one table-driven loop.
 * Source: AWS, "Checking object integrity in Amazon S3"; all three are bit-reflected,
 * start from all ones and end inverted. */
#include "crossframe.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The checksum as raw bytes, most significant first. `polynomial` is hexadecimal text. */
SEXP cf_crc(SEXP bytes, SEXP polynomial, SEXP width) {
  int bits = Rf_asInteger(width);
  uint64_t poly = strtoull(CHAR(STRING_ELT(polynomial, 0)), NULL, 16);
  uint64_t table[256];
  for (int i = 0; i < 256; i++) {
    uint64_t value = (uint64_t)i;
    for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? poly : 0);
    table[i] = value;
  }
  uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, crc = mask;
  const Rbyte *data = RAW(bytes);
  for (R_xlen_t i = 0; i < XLENGTH(bytes); i++) crc = (crc >> 8) ^ table[(crc ^ data[i]) & 0xff];
  crc ^= mask;
  SEXP out = PROTECT(Rf_allocVector(RAWSXP, bits / 8));
  for (int i = 0; i < bits / 8; i++) RAW(out)[i] = (Rbyte)(crc >> (bits - 8 * (i + 1)));
  UNPROTECT(1);
  return out;
}
