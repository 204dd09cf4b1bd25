# Prints what cf_info() tells of the columns of each key: name and pandas dtype, as JSON.

library(crossframe)

told <- lapply(commandArgs(trailingOnly = TRUE), function(key) {
  columns <- cf_info(key)$columns
  stats::setNames(as.list(columns$pandas), columns$name)
})
cat(jsonlite::toJSON(told, auto_unbox = TRUE))
