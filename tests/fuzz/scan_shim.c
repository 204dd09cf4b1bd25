/* Runs R's scan without R, and looks at what it says. */
#include "scan_shim.h"

#include <stdlib.h>
#include <string.h>

#include "scan.h"

static int sound(const scan_state *s) {
  if (s->in.at > s->in.size) return 0;
  if (s->status == SCAN_SAFE) return 1;
  return memchr(s->finding.what, 0, SCAN_TEXT) && memchr(s->finding.trail, 0, SCAN_TRAIL) &&
         s->finding.what[0] != 0 && s->finding.offset <= s->in.size;
}

verdict run_scan(const uint8_t *data, size_t size, int full_report) {
  static scan_finding refused[SCAN_REFUSED_LIMIT];
  static scan_state state;
  memset(&state, 0, sizeof state);
  state.in.data = data;
  state.in.size = size;
  state.full_report = full_report;
  state.refused = refused;
  int safe = scan_run(&state);
  verdict out = {(int)state.status, safe == (state.status == SCAN_SAFE) && sound(&state), state.finding.what,
                 state.finding.offset};
  free(state.stack);
  free(state.references);
  return out;
}
