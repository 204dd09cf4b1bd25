# Compares what Python saved below the folders given with the generated frames and values.
# Arguments: folders, "--", extensions. Prints a line each: key, TRUE or FALSE, what differs.
library(crossframe)
source(file.path(Sys.getenv("CROSSFRAME_INTEROP"), "generated.R"))

arguments <- commandArgs(TRUE)
folders <- arguments[seq_len(match("--", arguments) - 1L)]
extensions <- arguments[-seq_len(match("--", arguments))]
objects <- c(do.call(c, lapply(extensions, generated)), generated_values())
for (folder in folders) {
  for (key in names(objects)) {
    loaded <- tryCatch(cf_load(file.path(folder, key)), error = function(e) {
      conditionMessage(e)
    })
    same <- identical(loaded, objects[[key]])
    why <- if (same) {
      ""
    } else {
      gsub(
        "[\t\n]",
        " ",
        paste(
          utils::head(all.equal(objects[[key]], loaded), 5),
          collapse = "; "
        )
      )
    }
    cat(file.path(folder, key), same, why, sep = "\t")
    cat("\n")
  }
}
