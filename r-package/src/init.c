/* Registration of the package's C entry points: cf_file_stat is C_file_stat in R. */
#include "bytes.h"
#include "crossframe.h"

#include <R_ext/Rdynload.h>

#define ENTRY(name, arguments) {#name, (DL_FUNC) & cf_##name, arguments}

static const R_CallMethodDef entries[] = {
    ENTRY(crc, 4),          ENTRY(csv_column, 7),  ENTRY(csv_guess, 4),   ENTRY(csv_index, 2),
    ENTRY(csv_write, 4),    ENTRY(dir_create, 1),  ENTRY(dir_list, 1),    ENTRY(dir_remove, 1),
    ENTRY(dir_sync, 1),     ENTRY(file_link, 2),   ENTRY(file_put, 3),    ENTRY(file_read, 3),
    ENTRY(file_read_as, 4), ENTRY(file_remove, 1), ENTRY(file_rename, 2), ENTRY(file_stat, 1),
    ENTRY(file_touch, 3),   ENTRY(file_copy, 5),   ENTRY(file_write, 2),  ENTRY(gzip, 2),
    ENTRY(headers, 1),      ENTRY(inflate, 2),     ENTRY(lock, 3),        ENTRY(file_mode, 2),
    ENTRY(raw_tail, 2),     ENTRY(release, 1),     ENTRY(real_path, 1),   ENTRY(scan, 2),
    ENTRY(unlock, 1),       {NULL, NULL, 0},
};

void R_init_crossframe(DllInfo *dll) {
  R_registerRoutines(dll, NULL, entries, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
  R_forceSymbols(dll, TRUE);
  bytes_register(dll);
}
