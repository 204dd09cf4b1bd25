# RDS and RData: serialized R values. Nothing is unserialized before the scan (src/scan.c) has
# seen all of it, because R runs code on mere reading.

# The first lines of an RData file; the serialized pairlist of its objects follows.
rdata_headers <- c("RDX2\n", "RDX3\n", "RDA2\n", "RDA3\n", "RDB2\n", "RDB3\n")

# Codes of external pointers and weak references in the scan's counts.
pointer_codes <- c(22L, 23L)

# The bytes of an RDS file. compression: a name of formats.csv, or NULL for none.
rds_encode <- function(x, compression = "gzip") {
  compress_if(serialize(x, NULL, xdr = TRUE, version = 3L), compression)
}

# The value in an RDS file. trust: load code too, with a warning.
rds_decode <- function(data, trust = FALSE) {
  data <- decompress_all(data)
  if (is_rdata(data)) {
    cf_abort(
      "decode",
      "Can't decode these bytes as RDS: they are an RData file.",
      NULL,
      'Could format = "rdata" be meant?'
    )
  }
  unserialize_checked(data, "RDS", trust)
}

# The bytes of an RData file, as save() writes it. x: a named list of objects.
rdata_encode <- function(x, compression = "gzip") {
  check_object_names(names(x), length(x))
  body <- serialize(as.pairlist(x), NULL, xdr = TRUE, version = 3L)
  compress_if(c(charToRaw("RDX3\n"), body), compression)
}

# The objects in an RData file: a named list in the file's order.
rdata_decode <- function(data, trust = FALSE) {
  data <- decompress_all(data)
  if (!is_rdata(data)) {
    cf_abort(
      "decode",
      "Can't decode these bytes as RData: the first line of such a file is missing.",
      sprintf("they begin with %s", shown_bytes(data)),
      'Could it be an RDS file? Then say format = "rds".'
    )
  }
  objects <- unserialize_checked(.Call(C_raw_tail, data, 5), "RData", trust, offset = 5)
  if (!is.null(objects) && !(is.pairlist(objects) && all(nzchar(names(objects))))) {
    cf_abort("decode", "Can't decode these bytes as RData: they hold no named objects.")
  }
  as.list(objects)
}

# What the scan finds in RDS or RData bytes: a list of status ("safe", "damaged", "unsafe"), the
# first finding, all refused items, format, version and the number of items of each type.
scan_serialized <- function(data, report = TRUE) {
  data <- decompress_all(data)
  if (is_rdata(data)) {
    data <- .Call(C_raw_tail, data, 5)
  }
  .Call(C_scan, data, report)
}

# unserialize() for bytes of unknown origin. offset: of data in its file, for messages.
unserialize_checked <- function(data, kind, trust = FALSE, offset = 0) {
  found <- .Call(C_scan, data, FALSE)
  if (found$status == "damaged") {
    abort_damaged(found$finding, kind, offset)
  }
  if (found$status == "unsafe") {
    if (!trust) {
      abort_unsafe(found$finding, kind, offset)
    }
    cf_warn(
      "unsafe_data",
      sprintf("Loading %s with code in it, because of trust = TRUE.", kind),
      describe_finding(found$finding, offset)
    )
  }
  value <- tryCatch(
    unserialize(data),
    error = function(e) {
      finding <- list(what = conditionMessage(e), offset = found$used, trail = "")
      abort_damaged(finding, kind, offset)
    }
  )
  if (sum(found$counts[pointer_codes + 1L]) > 0L) drop_pointers(value) else value
}

# External pointers and weak references are nil after loading; data.table and readr leave them
# in attributes. They go, in attributes and in list elements (which become NULL). The objects of an
# RData are a pairlist.
drop_pointers <- function(x) {
  if (is_pointer(x)) {
    return(NULL)
  }
  if (typeof(x) == "pairlist") {
    return(as.pairlist(lapply(x, drop_pointers)))
  }
  if (typeof(x) == "list") {
    kept <- attributes(x)
    x <- lapply(unclass(x), drop_pointers)
    attributes(x) <- kept
  }
  for (name in names(attributes(x))) {
    value <- attr(x, name, exact = TRUE)
    if (is_pointer(value)) {
      attr(x, name) <- NULL
    } else if (typeof(value) == "list") {
      attr(x, name) <- drop_pointers(value)
    }
  }
  x
}

is_pointer <- function(x) {
  typeof(x) %in% c("externalptr", "weakref")
}

is_rdata <- function(data) {
  length(data) >= 5L && list(data[1:5]) %in% lapply(rdata_headers, charToRaw)
}

compress_if <- function(data, compression) {
  if (is.null(compression)) data else compress_bytes(data, compression)
}

check_object_names <- function(names, n) {
  if (n == 0L || (length(names) == n && !anyNA(names) && all(nzchar(names)) && !anyDuplicated(names))) {
    return(invisible())
  }
  cf_abort(
    "usage",
    "Can't save these objects as RData: each needs a name of its own.",
    sprintf("got %s", paste0("'", if (is.null(names)) rep("", n) else names, "'", collapse = ", ")),
    "Save a list with unique names, such as list(d = d, e = e)."
  )
}

abort_damaged <- function(finding, kind, offset) {
  cf_abort(
    "decode",
    sprintf("Can't decode these bytes as %s: they are truncated, damaged or something else.", kind),
    describe_finding(finding, offset),
    "Was the object stored completely, and is it what its name says?",
    offset = finding$offset + offset,
    trail = finding$trail
  )
}

abort_unsafe <- function(finding, kind, offset) {
  cf_abort(
    "unsafe_data",
    sprintf("Can't load this %s: it holds code, not only data.", kind),
    describe_finding(finding, offset),
    "Do you trust whoever wrote it? Then load it with trust = TRUE.",
    offset = finding$offset + offset,
    trail = finding$trail
  )
}

describe_finding <- function(finding, offset) {
  where <- if (nzchar(finding$trail)) paste0(" in ", finding$trail) else ""
  sprintf("%s at offset %.0f%s", finding$what, finding$offset + offset, where)
}

shown_bytes <- function(data) {
  if (length(data) == 0L) {
    return("nothing: no byte was given")
  }
  paste(utils::head(data, 8L), collapse = " ")
}
