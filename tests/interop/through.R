# Loads each key given and saves what it holds again below through_r/.
library(crossframe)

for (key in commandArgs(TRUE)) {
  cf_save(cf_load(key), file.path("through_r", basename(key)))
}
