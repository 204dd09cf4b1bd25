# Save and load one key: where stores and codecs meet.

#' Save a data frame to one key
#'
#' Columns, types, attributes and row names come back the same in R and in Python. The key holds what it held before or
#' all of the new, never half of it.
#'
#' @param x Data frame; for RDS and RData any value that [saveRDS()] can write. A plain named list
#'   saved as RData becomes one object for each of its elements.
#' @param uri String; `"s3://bucket/key"`, `"file:///path"`, a path, or a key below the root
#'   ([cf_set_root()]).
#' @param ... Must be empty: what follows goes by name.
#' @param format `"csv"`, `"parquet"`, `"rds"` or `"rdata"`; by default what the extension says.
#' @param compression `"gzip"`, `"bzip2"`, `"xz"`, `"zstd"` or `"none"`; by default what the extension
#'   says, and gzip for RDS and RData.
#' @param name String; name of the object in an RData, by default the key's: its last segment
#'   without known extensions.
#' @param overwrite `FALSE` refuses a key that is taken.
#' @param if_match String; the ETag that the object must still have.
#' @param schema `FALSE` leaves out the sidecar `<key>.schema.json` that keeps the types of a CSV.
#' @param metadata Named character vector of metadata to keep with the object.
#' @param options List; how to reach S3: arguments of [cf_store_s3()] besides the bucket.
#' @returns Invisibly a list of what was written: `key` (relative to the root, or whole where `uri` is
#'   whole: what [cf_load()] takes), `uri`, `format`, `compression` (`NA` for none), `bytes` (as stored),
#'   `rows` and `columns` (`NA` for what is no data frame), `etag`, `version`.
#' @section Errors:
#' `crossframe_error_unsupported_type` (a column has a type outside the type table),
#' `crossframe_error_duplicate_column`, `crossframe_error_unknown_format`,
#' `crossframe_error_invalid_key` and, with nothing changed, `crossframe_error_object_exists`,
#' `crossframe_error_precondition_failed` and other kinds of `crossframe_error_store`.
#' @section Source:
#' As of [cf_load()].
#' @seealso [cf_load()], [cf_save_many()]
#' @examples
#' old <- cf_set_root(tempfile())
#' saved <- cf_save(CO2, "plants/co2.csv.gz")
#' saved$bytes
#' identical(cf_load("plants/co2.csv.gz"), CO2)
#' cf_set_root(old)
#' @export
cf_save <- function(
  x,
  uri,
  ...,
  format = NULL,
  compression = NULL,
  name = NULL,
  overwrite = TRUE,
  if_match = NULL,
  schema = TRUE,
  metadata = NULL,
  options = list()
) {
  check_empty(...)
  location <- resolve(uri, options = options)
  check_key(location$key)
  choice <- format_for_writing(location$key, format, compression)
  values <- values_to_save(
    x,
    if (is.null(name)) name_of(location$key) else name,
    choice$format
  )
  put_values(values, location, choice, overwrite, if_match, schema, metadata)
}

check_empty <- function(...) {
  if (...length()) {
    got <- ...names()
    got <- got[!is.na(got) & nzchar(got)]
    cf_abort(
      "usage",
      "Can't use these arguments.",
      sprintf(
        "got %d too many%s",
        ...length(),
        if (length(got)) paste(":", shown_names(got)) else ""
      ),
      "What follows ... goes by its full name."
    )
  }
}

# The objects to write, by name; checked before anything is.
values_to_save <- function(x, name, format) {
  codec <- codec_for(format)
  objects <- codec$several && is.list(x) && !is.object(x) && !is.null(names(x))
  values <- if (objects) x else named_value(name, x)
  for (value in values) {
    if (is.data.frame(value)) {
      check_column_names(names(value), length(value))
    } else if (codec$frame) {
      cf_abort(
        "unsupported_type",
        sprintf(
          "Can't save a value of class '%s' as %s.",
          class(value)[1L],
          format
        ),
        "must be a data frame",
        "Could it be saved as rds?"
      )
    }
  }
  values
}

put_values <- function(
  values,
  location,
  choice,
  overwrite = TRUE,
  if_match = NULL,
  schema = TRUE,
  metadata = NULL
) {
  encoded <- encode_values(values, choice, schema)
  store <- location$store
  meta <- store$put(
    location$key,
    encoded$data,
    if_absent = !overwrite,
    if_match = if_match,
    media_type = format_media_type(choice),
    metadata = metadata
  )
  if (codec_for(choice$format)$sidecar) {
    # Why after the data: a sidecar whose data never came would describe older ones.
    put_sidecar(
      store,
      paste0(location$key, sidecar_suffix),
      encoded$sidecar,
      encoded$data
    )
  }
  invisible(told_saved(values, location, choice, meta))
}

# list(data, sidecar): bytes as they are stored, and a function of them that gives the text beside them, or
# NULL.
encode_values <- function(values, choice, schema) {
  encoded <- codec_for(choice$format)$encode(values, list(schema = schema))
  if (!is.null(choice$compression)) {
    encoded$data <- compress_bytes(encoded$data, choice$compression)
  }
  encoded
}

# What cf_save() gives back.
told_saved <- function(values, location, choice, meta) {
  frames <- all(vapply(values, is.data.frame, NA))
  list(
    key = shown_key(location),
    uri = uri_of(location),
    format = choice$format,
    compression = if (is.null(choice$compression)) {
      NA_character_
    } else {
      choice$compression
    },
    bytes = meta$size,
    rows = if (frames) sum(vapply(values, nrow, 0L)) else NA_integer_,
    columns = if (frames) sum(lengths(values)) else NA_integer_,
    etag = meta$etag,
    version = meta$version
  )
}

put_sidecar <- function(store, key, sidecar, data) {
  if (is.null(sidecar)) {
    store$delete(key)
  } else {
    store$put(
      key,
      charToRaw(enc2utf8(sidecar(data))),
      media_type = "application/json"
    )
  }
}

uri_of <- function(location) {
  paste0(location$store$uri, "/", location$key)
}

#' Load one key, or a data set of parts as one data frame
#'
#' A data frame, or another value of an RDS or RData, as R or Python saved it: rows, columns, types, attributes and row
#' names. The bytes decide on the format and its compression, then the key's extension. What comes is verified; RDS and
#' RData are looked through before anything is made of them, so that no code in them runs.
#'
#' A data set is what lies directly below a prefix and is named as parts are: `part.0.parquet`, `part.1.parquet` ...
#' of any format, the CSV that Dask writes (`0.part`), or what a `_crossframe.json` beside the parts lists. Its rows
#' come in the order of the parts' numbers, or of the list; columns are united as by
#' [`cf_load_many(combine = TRUE)`][cf_load_many].
#'
#' @inheritParams cf_save
#' @param uri String; `"s3://bucket/key"`, `"file:///path"`, a path, a key below the root ([cf_set_root()]), or a link
#'   such as [cf_share()] gives; or the prefix of a data set, with its slash or without.
#' @param format String; name of the format, by default chosen by magic bytes, then by extension.
#' @param name String; the object of an RData to load, which may be left out where it holds one.
#' @param columns Names of the columns to load, in this order; by default all. In a part of a data set that lacks one
#'   it is missing.
#' @param version String; version id ([cf_versions()]), by default the newest. The types of a CSV are those of that
#'   version, too.
#' @param trust `TRUE` loads an RDS or RData although it holds code, which [cf_check()] names: only for
#'   files from somebody you trust. A warning of class `crossframe_warning_trusted` says what was loaded.
#' @returns The data frame, of the class it was saved with, each column of the type that is stored; or another value of
#'   an RDS. Of an RData with several objects and no `name`, a named list of them.
#' @section Errors:
#' `crossframe_error_object_not_found`, `crossframe_error_unknown_format`, `crossframe_error_decode`
#' (truncated, damaged or foreign bytes), `crossframe_error_unsafe_data` (the bytes hold code),
#' `crossframe_error_usage` (no object or column has that name), of a data set also
#' `crossframe_error_schema_mismatch` (types of a column that do not mix) and `crossframe_error_corrupt_object` (a
#' part is not the one that is listed), and other kinds of `crossframe_error_store`.
#' @section Source:
#' R Internals, "Serialization Formats" (RDS, RData); Apache Parquet, "File Format"; RFC 4180 (CSV); Frictionless
#' Data, "Table Schema" (the types beside a CSV). Verified as in Amazon S3 User Guide, "Checking object integrity".
#' @seealso [cf_save()], [cf_load_many()], [cf_info()]
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "cars.rds")
#' head(cf_load("cars.rds", columns = "dist"))
#' cf_save(list(cars = cars, women = women), "both.RData")
#' names(cf_load("both.RData"))
#' cf_save(cars[1:20, ], "parts/part.0.csv")
#' cf_save(cars[21:50, ], "parts/part.1.csv")
#' nrow(cf_load("parts/"))
#' cf_set_root(old)
#' @export
cf_load <- function(
  uri,
  ...,
  format = NULL,
  name = NULL,
  columns = NULL,
  version = NULL,
  trust = FALSE,
  options = list()
) {
  check_empty(...)
  location <- resolve(uri, options = options)
  values <- load_values(location, format, name, columns, version, trust)
  if (length(values) == 1L) values[[1L]] else values
}

# Values by name of one key.
load_values <- function(
  location,
  format = NULL,
  name = NULL,
  columns = NULL,
  version = NULL,
  trust = FALSE
) {
  source <- fetch_or_find(location, version)
  if (!is.null(source$set)) {
    frame <- load_data_set(source$set, format, name, columns, trust)
    return(named_value(name_of_set(source$set), frame))
  }
  stored <- source$stored
  decode_stored(location, stored, format, name, columns, trust, function() {
    read_sidecar(location, version, stored)
  })
}

# list(stored) of an object, or list(set) of the data set below its key.
fetch_or_find <- function(location, version = NULL) {
  key <- location$key
  prefix <- !nzchar(key) || endsWith(key, "/")
  # Why an object first where there is no slash: nearly all keys are objects, and a listing is a request.
  if (prefix && is.null(version)) {
    set <- find_data_set(location)
    if (!is.null(set)) {
      return(list(set = set))
    }
  }
  tryCatch(
    list(stored = location$store$get(key, version = version)),
    crossframe_error_object_not_found = function(condition) {
      if (!is.null(version)) {
        stop(condition)
      }
      set <- if (!prefix) find_data_set(location)
      if (is.null(set)) {
        stop(with_near_miss(condition, location, many = "cf_load_many"))
      }
      list(set = set)
    }
  )
}

# An object's bytes as stored; a missing key is answered with the key most like it.
fetch <- function(location, version = NULL) {
  tryCatch(
    location$store$get(location$key, version = version),
    crossframe_error_object_not_found = function(condition) {
      # Why not with a version: the key most like it would be the key itself.
      stop(
        if (is.null(version)) with_near_miss(condition, location) else condition
      )
    }
  )
}

# sidecar: a function that reads the text beside a CSV; said: what the key's extensions say.
decode_stored <- function(
  location,
  stored,
  format,
  name,
  columns,
  trust,
  sidecar,
  said = split_extensions(location$key)
) {
  placing(location, {
    opened <- open_stored(location$key, stored, format, said$format)
    codec <- codec_for(opened$choice$format)
    own_name <- said$stem
    if (!is.null(name) && !codec$several && !identical(name, own_name)) {
      cf_abort(
        "usage",
        sprintf("Can't find object '%s'.", name),
        sprintf(
          "a %s object holds one value, '%s'",
          opened$choice$format,
          own_name
        )
      )
    }
    source <- list(
      name = own_name,
      data = opened$data,
      stored = stored,
      sidecar = if (codec$sidecar) sidecar(),
      columns = columns,
      object = name,
      trust = trust
    )
    codec$decode(source)
  })
}

# list(choice, data): how the bytes are stored, and what lies within their compression.
open_stored <- function(
  key,
  stored,
  format = NULL,
  extension = split_extensions(key)$format
) {
  compression <- sniff_compression(first_bytes(stored))
  data <- if (is.null(compression)) {
    stored
  } else {
    decompress_bytes(stored, compression)
  }
  list(
    choice = choose_format(
      key,
      first_bytes(data),
      format,
      compression,
      extension
    ),
    data = data
  )
}

# The text beside a CSV, NULL for none; of a version, that which its recorded hash says belongs to it.
read_sidecar <- function(location, version = NULL, stored = NULL) {
  if (!is.null(version)) {
    meta <- location$store$head(location$key, version = version)
    return(sidecar_of_version(location, csv_md5(stored), meta))
  }
  stored <- tryCatch(
    location$store$get(paste0(location$key, sidecar_suffix)),
    crossframe_error_object_not_found = function(condition) NULL
  )
  if (!is.null(stored)) sidecar_text(stored)
}

# Why without NUL: a damaged sidecar must reach the codec, which says what it is.
sidecar_text <- function(stored) {
  text <- rawToChar(stored[stored != as.raw(0L)])
  Encoding(text) <- "UTF-8"
  text
}

# Run code whose errors say nothing of the object they are about: codecs know bytes only.
placing <- function(location, code) {
  tryCatch(code, crossframe_error = function(condition) {
    uri <- uri_of(location)
    if (!grepl(uri, conditionMessage(condition), fixed = TRUE)) {
      condition$detail <- paste(
        c(condition$detail, paste("In", uri)),
        collapse = "\n  "
      )
      parts <- c(condition$problem, condition$detail, condition$hint)
      condition$message <- paste(parts, collapse = "\n  ")
    }
    stop(condition)
  })
}
