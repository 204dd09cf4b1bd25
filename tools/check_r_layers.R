# Checks that the arrows between the R files go down: a file may use what is defined in itself or in a
# layer below, and files of one layer don't know each other unless they are of one family.
# The layers mirror the import-linter contract of the Python package in pyproject.toml.

layers <- list(
  tables = "tables",
  errors = "errors",
  bytes = c("interrupts", "json", "progress", "serialized"),
  facts = c(
    "attributes",
    "durations",
    "extensions",
    "formats",
    "keys",
    "origin",
    "patterns",
    "serial",
    "types"
  ),
  signing = "aws-sigv4",
  origin = "origin",
  pieces = c("csv", "s3", "python"),
  parts = c("store", "codec"),
  api = c("api", "batch"),
  dropins = "aws"
)

args <- commandArgs(trailingOnly = TRUE)
folder <- if (length(args)) args[[1]] else "r-package/R"
files <- list.files(folder, "[.]R$", full.names = TRUE)

# The family of a file is its name up to the first dash where a layer lists that word.
family_of <- function(file) {
  name <- sub("[.]R$", "", basename(file))
  known <- unlist(layers, use.names = FALSE)
  if (name %in% known) name else sub("-.*", "", name)
}
layer_of <- function(family) {
  found <- which(vapply(layers, function(l) family %in% l, logical(1)))
  if (length(found)) found[[1]] else NA_integer_
}

parsed <- lapply(files, function(file) {
  getParseData(parse(file, keep.source = TRUE))
})
names(parsed) <- files

defined_in <- function(file) {
  calls <- as.list(parse(file, keep.source = FALSE))
  is_assignment <- function(e) {
    is.call(e) &&
      is.name(e[[1]]) &&
      as.character(e[[1]]) %in% c("<-", "=") &&
      is.name(e[[2]])
  }
  vapply(Filter(is_assignment, calls), function(e) as.character(e[[2]]), "")
}

# Names used: calls, and bare names that the file does not itself bind as argument or variable.
used_in <- function(file) {
  data <- parsed[[file]]
  data <- data[data$terminal, ]
  before <- c("", head(data$token, -1))
  member <- before %in% c("'$'", "'@'", "NS_GET", "NS_GET_INT")
  after <- c(tail(data$token, -1), "")
  bound <- c(
    data$text[data$token == "SYMBOL_FORMALS"],
    data$text[data$token == "SYMBOL" & after %in% c("LEFT_ASSIGN", "EQ_ASSIGN")]
  )
  called <- data$token == "SYMBOL_FUNCTION_CALL" & !member
  named <- data$token == "SYMBOL" & !member & !(data$text %in% bound)
  data[called | named, c("text", "line1")]
}

family <- vapply(files, family_of, "")
layer <- vapply(family, layer_of, 1L)
problems <- sprintf(
  "%s: its name is in no layer of tools/check_r_layers.R",
  files[is.na(layer)]
)

definitions <- do.call(
  rbind,
  lapply(seq_along(files), function(i) {
    found <- defined_in(files[[i]])
    if (length(found)) data.frame(name = found, at = i) else NULL
  })
)
doubled <- unique(definitions$name[duplicated(definitions$name)])
problems <- c(problems, sprintf("'%s' is defined more than once", doubled))

for (i in which(!is.na(layer))) {
  used <- merge(used_in(files[[i]]), definitions, by.x = "text", by.y = "name")
  above <- layer[used$at] > layer[[i]]
  beside <- layer[used$at] == layer[[i]] &
    family[used$at] != family[[i]] &
    names(layers)[[layer[[i]]]] %in% c("pieces", "parts")
  wrong <- used[which(above | beside), ]
  problems <- c(
    problems,
    sprintf(
      "%s:%d: '%s' is defined in %s, which is not below",
      files[[i]],
      wrong$line1,
      wrong$text,
      basename(files[wrong$at])
    )
  )
}

if (length(problems)) {
  writeLines(problems)
  quit(status = 1)
}
cat(sprintf(
  "%d files, %d definitions: the arrows go down\n",
  length(files),
  nrow(definitions)
))
