# What a transfer is to do: from one object or a pattern to where each goes. The same rules as in
# python/crossframe/transfer.py; the list is made and checked before anything is copied.

# A path that begins with a dot is this machine's whatever the root is, so made absolute.
local_place <- function(text) {
  here <- is_string(text) && grepl("^\\.{1,2}(/|$)", text)
  if (here) of_this_machine(text) else text
}

# A path, or a pattern of paths, as absolute; a folder keeps its trailing slash.
of_this_machine <- function(text) {
  if (grepl("^file:", text, ignore.case = TRUE)) {
    parsed <- parse_uri(text)
    return(parsed$key)
  }
  absolute <- without_dots(absolute_path(text))
  folder <- grepl("(^|/)(\\.{0,2}|~)$", text)
  if (folder) paste0(sub("/+$", "", absolute), "/") else absolute
}

# Why by the text: symbolic links in a path are the user's business.
without_dots <- function(path) {
  kept <- character()
  for (segment in segments(substring(path, 2L))) {
    kept <- if (segment == "..") utils::head(kept, -1L) else c(kept, segment)
  }
  paste0("/", paste(kept, collapse = "/"))
}

# A list of plans, list(source =, target =, size =, sidecar =): two locations, bytes, and whether a
# sidecar goes along, NA where that is not known yet.
plan_copies <- function(
  source,
  target,
  regex = FALSE,
  version = NULL,
  options = list()
) {
  source <- local_place(source)
  goal <- goal_of(local_place(target), options)
  into <- goes_into(goal)
  if (!regex && !is_many(source)) {
    single <- plan_single(source, goal, into, version, options)
    if (!is.null(single)) {
      return(list(single))
    }
    source <- paste0(source, "/")
  }
  found <- find_keys(source, regex, options, lists = TRUE)
  keys <- found$rows$key
  if (!length(keys)) {
    abort_no_match(source, regex, found)
  }
  if (!into && length(keys) > 1L) {
    cf_abort(
      "usage",
      sprintf("Can't copy %d objects to one key '%s'.", length(keys), goal$key),
      hint = "Is it a prefix? Then end it with '/'."
    )
  }
  # Levels below the last whole segment of the literal prefix are kept.
  base <- sub("[^/]*$", "", found$prefix)
  targets <- if (into) {
    paste0(goal$key, substring(keys, nchar(base) + 1L))
  } else {
    goal$key
  }
  plans <- Map(keys, targets, found$rows$size, f = function(key, to, size) {
    list(
      source = new_location(found$store, key, found$whole),
      target = new_location(goal$store, to, goal$whole),
      size = size,
      sidecar = paste0(key, sidecar_suffix) %in% found$sidecars
    )
  })
  check_plans(plans)
}

goes_into <- function(goal) !nzchar(goal$key) || endsWith(goal$key, "/")

# Whether a text means many keys. A link is one object, whatever signs are in its query.
is_many <- function(source) {
  parsed <- parse_uri(source)
  parsed$scheme %in% c("s3", "file") && grepl("[*?{\\[]|/$", parsed$key)
}

# Where copies go; an existing folder of this machine gets its slash.
goal_of <- function(target, options) {
  goal <- resolve(target, options = options)
  if (!goes_into(goal) && startsWith(goal$store$uri, "file:")) {
    folder <- file.path(sub("^file://", "", goal$store$uri), goal$key)
    if (dir.exists(folder)) {
      goal$key <- paste0(goal$key, "/")
    }
  }
  goal
}

# The plan of one object; NULL where the key is none but a prefix.
plan_single <- function(source, goal, into, version, options) {
  location <- resolve(source, options = options)
  meta <- tryCatch(
    location$store$head(location$key, version = version),
    crossframe_error_object_not_found = function(condition) {
      if (!is.null(version)) {
        stop(condition)
      }
      below <- location$store$children(paste0(location$key, "/"))
      if (nrow(below$objects) || length(below$prefixes)) {
        return(NULL)
      }
      stop(with_near_miss(condition, location))
    }
  )
  if (is.null(meta)) {
    return(NULL)
  }
  if (into) {
    goal$key <- paste0(goal$key, sub("^.*/", "", location$key))
  }
  plan <- list(source = location, target = goal, size = meta$size, sidecar = NA)
  check_plans(list(plan))[[1L]]
}

# Whether two locations are one object, a file behind a symbolic link included.
is_same <- function(one, other) {
  uris <- c(uri_of(one), uri_of(other))
  if (all(startsWith(uris, "file:"))) {
    uris <- normalizePath(substring(uris, 8L), mustWork = FALSE)
  }
  uris[1L] == uris[2L]
}

check_plans <- function(plans) {
  plans <- unname(plans)
  targets <- vapply(plans, function(plan) plan$target$key, "")
  twice <- anyDuplicated(targets)
  if (twice) {
    keys <- vapply(plans, function(plan) plan$source$key, "")
    cf_abort(
      "name_clash",
      sprintf(
        "Can't copy '%s' and '%s' to one key '%s'.",
        keys[match(targets[twice], targets)],
        keys[twice],
        targets[twice]
      )
    )
  }
  sources <- vapply(plans, function(plan) uri_of(plan$source), "")
  for (plan in plans) {
    check_key(plan$target$key)
    from <- shown_key(plan$source)
    if (is_same(plan$source, plan$target)) {
      cf_abort(
        "usage",
        sprintf("Can't copy '%s' to itself.", from),
        sprintf("In %s.", plan$source$store$uri)
      )
    }
    # Why: by the time it is its turn, it would be gone.
    if (uri_of(plan$target) %in% sources) {
      cf_abort(
        "usage",
        sprintf("Can't copy '%s' over '%s'.", from, shown_key(plan$target)),
        "The latter is itself to be copied.",
        "Copy to another prefix first."
      )
    }
  }
  plans
}
