/* The CRC checksums that S3 stores beside an object: zlib's own, the others eight bytes a step.
 * Sources: AWS, "Checking object integrity in Amazon S3"; M. Kounavis and F. Berry, "A Systematic
 * Approach to Building High Performance Software-based CRC Generators" (2005). All three are
 * bit-reflected, start from all ones and end inverted. */
#include "crossframe.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* The one that zlib knows, and twice as fast as the steps below. */
static const uint64_t ZLIB_POLY = 0xEDB88320;

/* table[k][b]: what byte b does to the checksum when k bytes follow it. */
static void fill(uint64_t table[8][256], uint64_t poly) {
  for (int i = 0; i < 256; i++) {
    uint64_t value = (uint64_t)i;
    for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? poly : 0);
    table[0][i] = value;
  }
  for (int k = 1; k < 8; k++)
    for (int i = 0; i < 256; i++) table[k][i] = (table[k - 1][i] >> 8) ^ table[0][table[k - 1][i] & 0xff];
}

static uint64_t step_by_eight(uint64_t table[8][256], uint64_t crc, const Rbyte *data, R_xlen_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)data[i] << (8 * i);
    word ^= crc;
    crc = 0;
    for (int i = 0; i < 8; i++) crc ^= table[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (; size > 0; data++, size--) crc = (crc >> 8) ^ table[0][(crc ^ *data) & 0xff];
  return crc;
}

/* The checksum of more bytes, as it is before its inversion at the end. */
static uint64_t advance(uint64_t poly, uint64_t crc, uint64_t mask, const Rbyte *data, R_xlen_t size) {
  if (poly == ZLIB_POLY) return crc32_z((uLong)(crc ^ mask), data, (z_size_t)size) ^ mask;
  uint64_t table[8][256];
  fill(table, poly);
  return step_by_eight(table, crc, data, size);
}

/* The checksum as raw bytes, most significant first. `polynomial` is hexadecimal text; `before` is
 * the checksum of the bytes that came before these, or NULL. */
SEXP cf_crc(SEXP bytes, SEXP polynomial, SEXP width, SEXP before) {
  int bits = Rf_asInteger(width);
  uint64_t poly = strtoull(CHAR(STRING_ELT(polynomial, 0)), NULL, 16);
  uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, crc = mask;
  if (before != R_NilValue && XLENGTH(before) == bits / 8) {
    crc = 0;
    for (int i = 0; i < bits / 8; i++) crc = (crc << 8) | RAW(before)[i];
    crc ^= mask;
  }
  crc = advance(poly, crc, mask, RAW(bytes), XLENGTH(bytes)) ^ mask;
  SEXP out = PROTECT(Rf_allocVector(RAWSXP, bits / 8));
  for (int i = 0; i < bits / 8; i++) RAW(out)[i] = (Rbyte)(crc >> (bits - 8 * (i + 1)));
  UNPROTECT(1);
  return out;
}
