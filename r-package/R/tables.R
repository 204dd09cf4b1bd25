# The shared tables (errors.csv, formats.csv, ...): one fact, one row, read by
# both languages. Each is read once a session, when first asked for.

#' @useDynLib crossframe, .registration = TRUE, .fixes = "C_"
NULL

shared_tables <- new.env(parent = emptyenv())

# A shared table as a data frame of character columns; "" where a cell is empty.
shared_table <- function(name) {
  if (is.null(shared_tables[[name]])) {
    path <- system.file(
      "tables",
      paste0(name, ".csv"),
      package = "crossframe",
      mustWork = TRUE
    )
    header <- scan_cells(path, nlines = 1)
    cells <- matrix(
      scan_cells(path, skip = 1),
      ncol = length(header),
      byrow = TRUE
    )
    table <- as.data.frame(cells, stringsAsFactors = FALSE)
    names(table) <- header
    assign(name, table, envir = shared_tables)
  }
  shared_tables[[name]]
}

scan_cells <- function(path, ...) {
  scan(
    path,
    "",
    sep = ",",
    quote = "\"",
    na.strings = character(),
    quiet = TRUE,
    encoding = "UTF-8",
    ...
  )
}
