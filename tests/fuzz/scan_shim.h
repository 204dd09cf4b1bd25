/* What C++ needs of R's scan; scan.h itself is C. */
#ifndef CROSSFRAME_SCAN_SHIM_H
#define CROSSFRAME_SCAN_SHIM_H

#include <stddef.h>
#include <stdint.h>

enum { SHIM_SAFE, SHIM_DAMAGED, SHIM_UNSAFE }; /* as scan_status */

typedef struct {
  int status;
  int sound; /* what the scan says of itself holds together */
  const char *what;
  size_t offset;
} verdict;

verdict run_scan(const uint8_t *data, size_t size, int full_report);

#endif
