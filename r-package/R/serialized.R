# Serialized R values from anywhere: nothing is unserialized before the scan (src/scan.c) has seen all
# of it, because R runs code on mere reading.

# Codes of external pointers and weak references in the scan's counts.
pointer_codes <- c(22L, 23L)

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
      "trusted",
      sprintf("Loading %s with code in it, because of trust = TRUE.", kind),
      describe_finding(found$finding, offset)
    )
  }
  has_pointers <- sum(found$counts[pointer_codes + 1L]) > 0L
  tryCatch(
    if (has_pointers) drop_pointers(unserialize(data)) else unserialize(data),
    error = function(e) {
      finding <- list(
        what = conditionMessage(e),
        offset = found$used,
        trail = ""
      )
      abort_damaged(finding, kind, offset)
    }
  )
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

abort_damaged <- function(finding, kind, offset) {
  cf_abort(
    "decode",
    sprintf(
      "Can't decode these bytes as %s: they are truncated, damaged or something else.",
      kind
    ),
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
