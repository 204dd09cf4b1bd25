# Loads what Python saved under from_python/ and says of each frame whether it is identical() to R's own.
# Arguments: extensions. Prints a line each: extension, name, TRUE or FALSE, what differs.
library(crossframe)

frames <- Filter(
  is.data.frame,
  mget(ls("package:datasets"), envir = as.environment("package:datasets"))
)
for (extension in commandArgs(TRUE)) {
  for (name in names(frames)) {
    loaded <- cf_load(sprintf(
      "from_python/%s/%s.%s",
      extension,
      name,
      extension
    ))
    same <- identical(loaded, frames[[name]])
    why <- if (same) {
      ""
    } else {
      gsub(
        "[\t\n]",
        " ",
        paste(all.equal(loaded, frames[[name]]), collapse = "; ")
      )
    }
    cat(extension, name, same, why, sep = "\t")
    cat("\n")
  }
}
