# Saves the generated frames and values below from_r/. Arguments: extensions. Prints how many.
library(crossframe)
source(file.path(Sys.getenv("CROSSFRAME_INTEROP"), "generated.R"))

objects <- c(
  do.call(c, lapply(commandArgs(TRUE), generated)),
  generated_values()
)
for (key in names(objects)) {
  # Why no warnings: an attribute that holds code stays behind, as it says; the frame is compared without.
  cf_save(objects[[key]], file.path("from_r", key))
}
cat(length(objects))
