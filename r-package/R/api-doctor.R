# What this machine reaches and with what, a row for each thing looked at; the same rows as Python's.

#' Say what this machine reaches and with what, and what is wrong with it
#'
#' Versions, engines, the root; endpoint, region, credentials and their end, each with where it came from; whether the
#' server answers, how far the clocks are apart, proxies and authorities. No secret is shown.
#'
#' @param probe String: a bucket, folder or prefix to write, read and delete a small object of its own in; what
#'   replaces it and whether versions are kept is looked at, too. `NULL` writes nothing.
#' @param ... Must be empty.
#' @param options List: how to reach S3, the arguments of [cf_store_s3()] without `bucket`.
#' @returns A data frame of class `cf_doctor`: `check`, `value`, `source` (where the value came from), `ok` (`NA` where
#'   there is no right or wrong) and `hint` (what to do). What is wrong is a row, never an error.
#' @section Errors:
#' `crossframe_error_invalid_uri`: the probe is no URI or path.
#' @section Source:
#' AWS SDKs and Tools Reference Guide, "Settings reference".
#' @examples
#' old <- cf_set_root(tempfile())
#' found <- cf_doctor()
#' found[found$ok %in% FALSE, ]
#' cf_set_root(old)
#' @export
cf_doctor <- function(probe = NULL, ..., options = list()) {
  check_empty(...)
  place <- if (!is.null(probe)) resolve(probe, options = options)
  root <- current_root()
  uris <- c(
    if (is_store(root)) root$uri else root,
    if (!is.null(place)) place$store$uri
  )
  found <- rbind(
    software_rows(),
    root_row(root),
    s3_diagnose(options, wanted = any(startsWith(uris, "s3://"))),
    proxy_rows(),
    authorities_row(options$verify),
    if (!is.null(place)) probe_rows(place)
  )
  rownames(found) <- NULL
  structure(found, class = c("cf_doctor", "data.frame"))
}

#' @export
print.cf_doctor <- function(x, ...) {
  if (!all(c("check", "value", "source", "ok", "hint") %in% names(x))) {
    return(NextMethod())
  }
  mark <- ifelse(is.na(x$ok), "-", ifelse(x$ok, "ok", "WRONG"))
  source <- ifelse(nzchar(x$source), paste0("  (", x$source, ")"), "")
  indent <- strrep(" ", max(c(0, nchar(x$check))) + 9)
  hint <- ifelse(nzchar(x$hint), paste0("\n", indent, x$hint), "")
  lines <- paste0(format(mark, width = 5), "  ", format(x$check), "  ", x$value)
  cat(paste0(lines, source, hint), sep = "\n")
  invisible(x)
}

# ---- What is installed ----

software_rows <- function() {
  version <- as.character(utils::packageVersion("crossframe"))
  system <- Sys.info()[c("sysname", "release", "machine")]
  rows <- list(
    doctor_row(
      "crossframe",
      version,
      dirname(system.file("DESCRIPTION", package = "crossframe"))
    ),
    doctor_row("language", paste("R", getRversion()), R.home()),
    doctor_row("system", paste(system, collapse = " "))
  )
  for (name in c("curl", "openssl", "xml2", "arrow", "nanoparquet")) {
    rows[[length(rows) + 1]] <- engine_row(name)
  }
  do.call(rbind, c(rows, list(python_row())))
}

engine_row <- function(name) {
  check <- paste("engine", name)
  if (!nzchar(system.file(package = name))) {
    hint <- sprintf("install.packages(\"%s\")", name)
    return(doctor_row(check, "not installed", hint = hint))
  }
  doctor_row(check, as.character(utils::packageVersion(name)), ok = TRUE)
}

# The Python core, which converts what R alone does not.
python_row <- function() {
  command <- python_command()
  hint <- "pip install crossframe, and name its command in options(crossframe.python = )."
  if (is.null(command)) {
    return(doctor_row("engine Python core", "not installed", hint = hint))
  }
  path <- command[1]
  doctor_row("engine Python core", "installed", path, TRUE)
}

# ---- Where relative keys lie ----

root_row <- function(root) {
  source <- if (!is.null(getOption("crossframe.root"))) {
    "cf_set_root()"
  } else if (nzchar(Sys.getenv("CROSSFRAME_ROOT"))) {
    "CROSSFRAME_ROOT"
  } else {
    "the working folder"
  }
  if (is_store(root)) {
    return(doctor_row("root", root$uri, source))
  }
  uri <- tryCatch(parse_uri(root), crossframe_error = identity)
  if (inherits(uri, "error")) {
    return(doctor_row("root", root, source, FALSE, uri$problem))
  }
  if (uri$scheme == "s3") {
    return(doctor_row("root", root, source))
  }
  if (!dir.exists(uri$key)) {
    hint <- "There is no such folder yet; the first save makes it."
    return(doctor_row("root", root, source, hint = hint))
  }
  writable <- file.access(uri$key, 3) == 0
  hint <- if (writable) "" else "This user may not write there."
  doctor_row("root", root, source, writable, hint)
}

# ---- The way there ----

proxy_rows <- function() {
  rows <- lapply(
    c("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),
    function(name) {
      names <- c(tolower(name), name)
      set <- names[nzchar(Sys.getenv(names))]
      if (length(set)) {
        # Why cut: a proxy's address may hold a password.
        shown <- gsub("//[^/@]*@", "//", Sys.getenv(set[1]))
        doctor_row("proxy", shown, set[1])
      }
    }
  )
  do.call(rbind, rows)
}

authorities_row <- function(verify) {
  if (identical(verify, FALSE)) {
    hint <- "Name the authority's file instead."
    return(doctor_row("authorities", "any", "the verify argument", FALSE, hint))
  }
  named <- c(
    "the verify argument" = if (is.character(verify)) verify else "",
    AWS_CA_BUNDLE = Sys.getenv("AWS_CA_BUNDLE"),
    CURL_CA_BUNDLE = Sys.getenv("CURL_CA_BUNDLE")
  )
  named <- named[nzchar(named)]
  if (!length(named)) {
    return(doctor_row("authorities", "those of the system", "the default"))
  }
  there <- file.exists(named[[1]]) && !dir.exists(named[[1]])
  hint <- if (there) "" else "There is no such file."
  doctor_row("authorities", named[[1]], names(named)[1], there, hint)
}

# ---- A write, a read, a second write, versions, a deletion ----

probe_rows <- function(place) {
  slash <- if (nzchar(place$key) && !endsWith(place$key, "/")) "/" else ""
  name <- hex_text(openssl::rand_bytes(6))
  key <- paste0(place$key, slash, "crossframe-probe-", name)
  source <- paste0(place$store$uri, "/", key)
  store <- place$store
  content <- unclass(openssl::rand_bytes(64))
  steps <- list(
    "probe write" = function() probe_write(store, key, content),
    "probe read" = function() probe_read(store, key, content),
    "probe overwrite=False" = function() probe_again(store, key, content),
    "probe versions" = function() probe_versions(store, key, rev(content))
  )
  removed <- FALSE
  # Why: nothing is left behind by an interrupt, either.
  on.exit(if (!removed) try(probe_remove(store, key), silent = TRUE))
  rows <- list()
  for (name in names(steps)) {
    failed <- length(rows) && isFALSE(rows[[1]]$ok)
    rows[[length(rows) + 1]] <- if (failed) {
      doctor_row(name, "not tried", source)
    } else {
      probe_row(name, source, steps[[name]])
    }
  }
  last <- probe_row("probe delete", source, function() probe_remove(store, key))
  removed <- TRUE
  do.call(rbind, c(rows, list(last)))
}

# step: a function that returns list(value, ok, hint).
probe_row <- function(name, source, step) {
  found <- tryCatch(step(), crossframe_error = identity)
  if (inherits(found, "error")) {
    return(doctor_failure(name, found, source))
  }
  doctor_row(name, found[[1]], source, found[[2]], found[[3]])
}

probe_write <- function(store, key, content) {
  store$put(key, content, if_absent = TRUE)
  list(sprintf("%d bytes", length(content)), TRUE, "")
}

probe_read <- function(store, key, content) {
  if (identical(store$get(key), content)) {
    return(list(sprintf("%d bytes, the same", length(content)), TRUE, ""))
  }
  list(
    "other bytes than were written",
    FALSE,
    "Don't trust this store with data."
  )
}

probe_again <- function(store, key, content) {
  refused <- tryCatch(
    {
      store$put(key, content, if_absent = TRUE)
      FALSE
    },
    crossframe_error_object_exists = function(error) TRUE
  )
  if (refused) {
    return(list("refused, as it should be", TRUE, ""))
  }
  hint <- "This server ignores conditions: overwrite=False does not protect an object."
  list("replaced", FALSE, hint)
}

probe_versions <- function(store, key, content) {
  kept <- tryCatch(
    {
      store$put(key, content)
      sum(!store$versions(key, exact = TRUE)$deleted)
    },
    crossframe_error_not_supported = identity
  )
  if (inherits(kept, "error")) {
    return(list("none", NA, kept$hint))
  }
  if (kept > 1) {
    return(list("kept", TRUE, ""))
  }
  hint <- "What is replaced or deleted is gone; crossframe mb makes buckets that keep versions."
  list("none", NA, hint)
}

probe_remove <- function(store, key) {
  store$delete(key)
  versions <- tryCatch(
    store$versions(key, exact = TRUE)$version,
    crossframe_error = function(error) character()
  )
  for (version in versions) {
    store$delete(key, version = version)
  }
  gone <- tryCatch(
    {
      store$head(key)
      FALSE
    },
    crossframe_error_object_not_found = function(error) TRUE
  )
  if (gone) {
    return(list("nothing left", TRUE, ""))
  }
  hint <- sprintf("Remove %s/%s by hand.", store$uri, key)
  list("still there", FALSE, hint)
}
