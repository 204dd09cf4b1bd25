# Data sets of parts: what lies below a prefix and is one frame.
#
# Where _crossframe.json lies beside the parts it says which keys they are, and each must be the one that it
# lists. Elsewhere the parts are what is named as parts are, in order of their numbers.

# The data set that a location means, NULL for none: below a prefix, with its slash or without. Of a key
# without a slash that is asked for where there is no object.
find_data_set <- function(location) {
  if (nzchar(location$key) && !endsWith(location$key, "/")) {
    location$key <- paste0(location$key, "/")
  }
  nothing <- function(condition) NULL
  objects <- tryCatch(
    location$store$children(location$key)$objects,
    crossframe_error_access_denied = nothing,
    crossframe_error_not_supported = nothing
  )
  if (is.null(objects)) {
    return(NULL)
  }
  names <- substring(objects$key, nchar(location$key) + 1L)
  if (data_set_name %in% names) {
    return(listed_data_set(location, objects, names))
  }
  parts <- numbered_parts(location, names)
  if (length(parts)) {
    rows <- objects[match(parts, names), ]
    formats <- ifelse(endsWith(parts, ".part"), "csv", NA_character_)
    new_data_set(location, objects, rows, formats, NULL)
  }
}

# location: the prefix, with its slash; found: what the parts are fetched by, see new_fetcher(); formats: of
# each part, NA where its bytes and its name tell; typed: whether a part's types are stored with it, those of
# a CSV without a sidecar are inferred; listed: what the list says, NULL without one.
new_data_set <- function(location, objects, rows, formats, listed) {
  known <- split_extensions(rows$key)$format
  known <- ifelse(is.na(formats), known, formats)
  kept_beside <- vapply(known, function(name) codec_for(name)$sidecar, NA)
  beside <- paste0(rows$key, sidecar_suffix) %in% objects$key
  list(
    location = location,
    found = list(
      store = location$store,
      whole = location$whole,
      rows = rows,
      sidecars = intersect(paste0(rows$key, sidecar_suffix), objects$key)
    ),
    formats = formats,
    typed = !kept_beside | beside,
    format = known[[1L]],
    listed = listed
  )
}

listed_data_set <- function(location, objects, names) {
  list_at <- new_location(
    location$store,
    paste0(location$key, data_set_name),
    location$whole
  )
  stored <- location$store$get(list_at$key)
  listed <- placing(list_at, data_set_decode(stored))
  missing <- setdiff(listed$parts$key, names)
  if (length(missing)) {
    cf_abort(
      "object_not_found",
      sprintf(
        "Can't find part '%s' of the data set '%s'.",
        missing[1L],
        shown_key(location)
      ),
      sprintf("%s lists it", uri_of(list_at)),
      "Was it deleted or moved? Save the data set again, or load the other parts one by one."
    )
  }
  rows <- objects[match(listed$parts$key, names), ]
  listed$meta <- objects[match(data_set_name, names), ]
  formats <- rep(listed$format, nrow(rows))
  new_data_set(location, objects, rows, formats, listed)
}

# The names of parts in order of their numbers.
numbered_parts <- function(location, names) {
  sets <- group_parts(paste0("set/", names, recycle0 = TRUE))
  parts <- substring(unlist(sets, use.names = FALSE), nchar("set/") + 1L)
  number <- gsub("^part\\.|\\..*$", "", parts)
  twice <- anyDuplicated(as.numeric(number))
  if (twice) {
    one <- parts[match(as.numeric(number[twice]), as.numeric(number))]
    cf_abort(
      "name_clash",
      sprintf(
        "Can't tell which part %s of the data set '%s' is.",
        number[twice],
        shown_key(location)
      ),
      sprintf("it may be '%s' or '%s'", one, parts[twice]),
      "Load the right ones by a pattern: cf_load_many(..., combine = TRUE)."
    )
  }
  parts
}

# All parts as one frame: rows in the order of the parts, columns as combine_frames() unites them.
load_data_set <- function(
  set,
  format = NULL,
  name = NULL,
  columns = NULL,
  trust = FALSE
) {
  check_column_names(columns)
  how <- list(name = name, columns = columns, trust = trust, frames = TRUE)
  decode <- function(one) {
    own <- if (is.null(format)) set$formats[one$at] else format
    how$format <- if (!is.na(own)) own
    tryCatch(
      {
        check_listed_bytes(set, one)
        values <- decode_those_there(set$found, one, how)
        check_listed_rows(set, one, values)
        values
      },
      crossframe_error = identity
    )
  }
  results <- load_found(set$found, decode, "raise", FALSE)
  parts <- Map(names(results), results, set$typed, f = as_part)
  whole <- sprintf("the data set '%s'", shown_key(set$location))
  check_part_columns(columns, parts, whole)
  pick_columns(combine_frames(unname(parts)), columns)
}

# Row names that are whole numbers count the rows of a part, and are counted anew.
as_part <- function(key, values, typed) {
  frame <- values[[1L]]
  if (is.integer(attr(frame, "row.names"))) {
    attr(frame, "row.names") <- .set_row_names(frame_rows(frame))
  }
  untyped <- if (!typed) {
    valueless <- vapply(
      as.list(unclass(frame)),
      function(column) is.logical(column) && all(is.na(column)),
      NA
    )
    names(frame)[valueless]
  }
  list(key = key, frame = frame, untyped = untyped)
}

check_listed_bytes <- function(set, one) {
  if (is.null(set$listed) || inherits(one$stored, "condition")) {
    return(invisible())
  }
  listed <- set$listed$parts[one$at, ]
  if (length(one$stored) != listed$size) {
    detail <- "it has %.0f bytes, not %.0f"
    abort_part(set, one, sprintf(detail, length(one$stored), listed$size))
  }
  md5 <- csv_md5(one$stored)
  if (md5 != listed$md5) {
    abort_part(set, one, sprintf("its MD5 is %s, not %s", md5, listed$md5))
  }
}

check_listed_rows <- function(set, one, values) {
  if (is.null(set$listed) || inherits(values, "condition")) {
    return(invisible())
  }
  rows <- frame_rows(values[[1L]])
  listed <- set$listed$parts$rows[one$at]
  if (rows != listed) {
    abort_part(set, one, sprintf("it has %.0f rows, not %.0f", rows, listed))
  }
}

abort_part <- function(set, one, detail) {
  cf_abort(
    "corrupt_object",
    sprintf(
      "Part '%s' must be the one that %s beside it lists.",
      shown_key(set$found, set$found$rows$key[one$at]),
      data_set_name
    ),
    detail,
    "Is the data set being written just now? Load it again, or save it again."
  )
}

# Why the URI: the key is empty where the prefix is the root or a folder of its own.
name_of_set <- function(set) name_of(uri_of(set$location))

# What cf_info() tells of a data set: by its list where that tells the schema, else by loading it.
describe_data_set <- function(set) {
  by_list <- !is.null(set$listed$schema)
  frame <- if (by_list) data_set_like(set$listed$schema) else load_data_set(set)
  rows <- if (by_list) sum(set$listed$parts$rows) else frame_rows(frame)
  objects <- rbind(set$listed$meta, set$found$rows)
  name <- name_of_set(set)
  columns <- describe_columns(name, frame)
  if (by_list) {
    columns$missing <- rep(NA_integer_, nrow(columns))
  }
  described <- describe_values(list(frame))
  described$dim <- paste(rows, "x", length(frame))
  list(
    key = shown_key(set$location),
    uri = uri_of(set$location),
    format = set$format,
    compression = NA_character_,
    size = sum(objects$size),
    modified = max(objects$modified),
    etag = if (is.null(set$listed)) NA_character_ else objects$etag[1L],
    version = NA_character_,
    versions = NA_integer_,
    media_type = NA_character_,
    metadata = no_metadata,
    names = name,
    frames = data.frame(
      name = name,
      rows = as.integer(rows),
      columns = length(frame),
      described
    ),
    columns = columns
  )
}
