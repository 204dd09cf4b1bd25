# The generated frames and values, by key; used by save_generated.R and compare_generated.R.
source(file.path(Sys.getenv("CROSSFRAME_INTEROP"), "generate.R"))

generated <- function(extension) {
  frames <- generated_frames()
  if (extension != "csv") {
    frames <- c(frames, frames_beside_csv())
  }
  names(frames) <- sprintf("%s/%s.%s", extension, names(frames), extension)
  frames
}

generated_values <- function() {
  held <- values()
  names(held) <- sprintf("values/%s.rds", names(held))
  held
}
