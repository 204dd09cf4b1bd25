# What is in an RDS or RData, and what would run: the scan's findings in words. Nothing is loaded.

#' Check what an RDS or RData holds, and what in it would run
#'
#' Reading a file with [readRDS()] or [load()] can run code that somebody put into it. `cf_check()` looks
#' through the bytes without loading anything. [cf_load()] makes the same check and refuses what is not
#' safe.
#'
#' @inheritParams cf_load
#' @returns A list of class `crossframe_check`, which prints as a report: `uri`, `status` (`"safe"` or
#'   `"unsafe"`), `format`, `compression` (`NA` for none), `complete` (`FALSE` where something could not be
#'   looked into, so that more may follow); `objects`, a data frame of `name`, `type` ([typeof()]), `class`
#'   (joined by `/`, `NA` without the attribute), `length` (columns of a data frame; `NA` where it is not
#'   told); `refused`, a data frame of `kind`, `where` (the way to it, `""` for the whole) and `offset` (bytes)
#'   of what would run or load something, at most 100; `formulas`, the ways to formulas, which are inert.
#' @section Errors:
#' `crossframe_error_decode` (truncated, damaged or foreign bytes), `crossframe_error_usage` (a format that
#' holds no R values) and kinds of `crossframe_error_store`. Code in the file is no error.
#' @section Source:
#' R Internals, "Serialization Formats"; CVE-2024-27322.
#' @seealso [cf_load()], whose `trust = TRUE` loads what was refused.
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(list(d = cars, f = function(x) x + 1), "mixed.RData")
#' cf_check("mixed.RData")
#' cf_check("mixed.RData")$status
#' cf_set_root(old)
#' @export
cf_check <- function(
  uri,
  ...,
  format = NULL,
  version = NULL,
  options = list()
) {
  check_empty(...)
  location <- resolve(uri, options = options)
  stored <- fetch(location, version)
  placing(location, {
    opened <- open_stored(location$key, stored, format)
    on.exit(release(opened$data))
    format <- opened$choice$format
    if (!format %in% c("rds", "rdata")) {
      cf_abort(
        "usage",
        sprintf("Can't check a %s: only RDS and RData can hold code.", format)
      )
    }
    found <- scan_serialized(opened$data)
    if (found$status == "damaged") {
      offset <- if (format == "rdata") rdata_head else 0
      abort_damaged(found$finding, format, offset)
    }
    compression <- opened$choice$compression
    report <- list(
      uri = uri_of(location),
      status = found$status,
      format = format,
      compression = if (is.null(compression)) NA_character_ else compression,
      complete = found$complete
    )
    structure(
      c(report, check_findings(found, format, name_of(location$key))),
      class = "crossframe_check"
    )
  })
}

# Bytes of an RData's first line.
rdata_head <- 5

check_findings <- function(found, format, name) {
  offset <- if (format == "rdata") rdata_head else 0
  field <- function(findings, which, value) {
    vapply(findings, function(finding) finding[[which]], value)
  }
  objects <- as.data.frame(found$objects)
  names(objects) <- c("name", "type", "class", "length")
  objects$type <- type_names(objects$type)
  objects$name <- if (format == "rds") {
    rep(name, nrow(objects))
  } else {
    printable(objects$name)
  }
  objects$class <- printable(objects$class)
  objects$class[objects$class == ""] <- NA
  objects$length[objects$type == "NULL"] <- 0
  # the trail of a call ends in the call itself
  where <- function(findings) {
    sub("(^| > )call$", "", printable(field(findings, "trail", "")))
  }
  list(
    objects = objects,
    refused = data.frame(
      kind = printable(field(found$refused, "what", "")),
      where = where(found$refused),
      offset = field(found$refused, "offset", 0) + offset
    ),
    formulas = where(found$formulas)
  )
}

# Names in a file may be any bytes.
printable <- function(text) {
  wrong <- !validUTF8(text)
  text[wrong] <- iconv(text[wrong], "latin1", "UTF-8")
  text
}

# typeof() of the codes of serialized values.
type_names <- function(codes) {
  known <- c(
    "0" = "NULL",
    "1" = "symbol",
    "2" = "pairlist",
    "3" = "closure",
    "4" = "environment",
    "5" = "promise",
    "6" = "language",
    "7" = "special",
    "8" = "builtin",
    "10" = "logical",
    "13" = "integer",
    "14" = "double",
    "15" = "complex",
    "16" = "character",
    "17" = "...",
    "19" = "list",
    "20" = "expression",
    "21" = "bytecode",
    "22" = "externalptr",
    "23" = "weakref",
    "24" = "raw",
    "25" = "S4",
    "238" = "altrep",
    "239" = "pairlist",
    "240" = "language",
    "241" = "environment",
    "242" = "environment",
    "247" = "persistent",
    "248" = "environment",
    "249" = "environment",
    "250" = "environment",
    "253" = "environment",
    "254" = "NULL",
    # what has been written before: nearly always an environment
    "255" = "environment"
  )
  names <- unname(known[as.character(codes)])
  ifelse(is.na(names), "unknown", names)
}

#' @export
print.crossframe_check <- function(x, ...) {
  cat("<", x$uri, ">\n", sep = "")
  compressed <- if (is.na(x$compression)) "" else paste(" in", x$compression)
  verdict <- if (x$status == "safe") {
    "safe: nothing in it would run"
  } else {
    "UNSAFE: loading it could run code"
  }
  cat("  ", x$format, compressed, ", ", verdict, "\n", sep = "")
  objects <- x$objects
  if (nrow(objects) > 0L) {
    cat("Objects:\n")
    length <- ifelse(
      is.na(objects$length),
      "",
      paste0("[", format(objects$length, trim = TRUE, big.mark = ","), "]")
    )
    class <- ifelse(is.na(objects$class), "", paste0(" <", objects$class, ">"))
    name <- encodeString(objects$name)
    cat(
      sprintf("  %s: %s%s%s\n", name, objects$type, length, class),
      sep = ""
    )
  }
  if (nrow(x$refused) > 0L) {
    cat("Would run or load something:\n")
    where <- ifelse(x$refused$where == "", "the value itself", x$refused$where)
    cat(
      sprintf(
        "  %s: %s (offset %.0f)\n",
        encodeString(where),
        encodeString(x$refused$kind),
        x$refused$offset
      ),
      sep = ""
    )
  }
  if (!x$complete) {
    cat("  The rest could not be looked into: more may follow.\n")
  }
  if (length(x$formulas) > 0L) {
    cat("Formulas, which are inert:\n")
    where <- ifelse(x$formulas == "", "the value itself", x$formulas)
    cat(sprintf("  %s\n", encodeString(where)), sep = "")
  }
  invisible(x)
}
