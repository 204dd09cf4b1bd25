# Saves every data frame of R's datasets package under from_r/<format>/<name>.<extension> of the root.
# Arguments: extensions.
library(crossframe)

frames <- Filter(
  is.data.frame,
  mget(ls("package:datasets"), envir = as.environment("package:datasets"))
)
for (extension in commandArgs(TRUE)) {
  for (name in names(frames)) {
    cf_save(
      frames[[name]],
      sprintf("from_r/%s/%s.%s", extension, name, extension)
    )
  }
}
cat(length(frames))
