#' A store in memory
#'
#' For tests and examples: objects live in this R session and go with the store. Every version is kept.
#'
#' @param name String; how the store calls itself, `"memory://<name>"`.
#' @returns A store, to be used as a root: see [cf_set_root()].
#' @section Errors:
#' `crossframe_error_usage` (the name is no string).
#' @examples
#' store <- cf_store_memory()
#' store$put("a/b.txt", charToRaw("hello"))
#' rawToChar(store$get("a/b.txt"))
#' @export
cf_store_memory <- function(name = "memory") {
  if (!is_string(name)) {
    cf_abort("usage", "Argument 'name' must be one string.")
  }
  uri <- paste0("memory://", name)
  memory <- new.env(parent = emptyenv())
  memory$uri <- uri
  # Of each key a list of versions, the oldest first; a deletion has no data.
  memory$keys <- new.env(parent = emptyenv())
  memory$count <- 0
  memory$days <- stats::setNames(integer(), character())
  put <- function(
    key,
    data,
    if_absent = FALSE,
    if_match = NULL,
    media_type = NULL,
    metadata = NULL
  ) {
    metadata <- check_write(key, data, if_absent, if_match, metadata)
    memory_check(memory, key, if_absent, if_match)
    memory_add(memory, key, data, media_type, metadata)
  }
  links <- without_links(uri)
  store <- new_store(
    uri = uri,
    get = function(key, start = 0, length = NULL, version = NULL) {
      check_range(start, length)
      slice_raw(memory_find(memory, key, version)$data, start, length)
    },
    put = put,
    head = function(key, version = NULL) {
      memory_find(memory, key, version)$meta
    },
    list = function(prefix = "") memory_list(memory, prefix),
    children = function(prefix = "") {
      split_children(memory_list(memory, prefix), prefix)
    },
    delete = function(key, version = NULL) {
      memory_delete(memory, key, version)
    },
    get_to = function(key, path, version = NULL) {
      found <- memory_find(memory, key, version)
      write_local(path, found$data)
      found$meta
    },
    put_from = function(key, path, ...) put(key, read_local(path), ...),
    copy = function(
      key,
      target,
      source = NULL,
      version = NULL,
      if_absent = FALSE
    ) {
      from <- if (is.null(source)) memory else attr(source, "memory")
      if (is.null(from)) {
        abort_other_kind(key, uri, source, "in memory")
      }
      found <- memory_find(from, key, version)
      about <- found$meta
      media_type <- if (!is.na(about$media_type)) about$media_type
      put(
        target,
        found$data,
        if_absent,
        media_type = media_type,
        metadata = about$metadata
      )
    },
    delete_many = function(keys) {
      delete_each(keys, function(key) memory_delete(memory, key))
    },
    versions = function(prefix = "", exact = FALSE) {
      memory_versions(memory, prefix, exact)
    },
    restore = function(key, version = NULL) {
      memory_restore(memory, key, version)
    },
    expire = function(prefix, days) {
      check_days(days)
      memory$days <- memory$days[names(memory$days) != prefix]
      if (!is.null(days)) {
        memory$days[prefix] <- as.integer(days)
      }
      invisible(NULL)
    },
    expiries = function() memory$days[byte_order(names(memory$days))],
    # A write to memory ends, or was never begun.
    uploads = function(prefix = "") new_uploads(),
    abort = function(upload) invisible(NULL),
    sign = links$sign,
    publish = links$publish,
    unpublish = links$unpublish,
    published = links$published
  )
  attr(store, "memory") <- memory
  store
}

# Why encoded: R translates the names of an environment to the locale's charset.
memory_slot <- function(key) paste0("/", uri_encode(key))

memory_history <- function(memory, key) memory$keys[[memory_slot(key)]]

# What a key holds now, NULL where it was deleted or never was.
memory_current <- function(memory, key) {
  history <- memory_history(memory, key)
  newest <- history[[max(length(history), 1L)]]
  if (!is.null(newest$data)) newest
}

memory_find <- function(memory, key, version = NULL) {
  check_read_key(key, memory$uri)
  found <- if (is.null(version)) {
    memory_current(memory, key)
  } else {
    same <- function(one) identical(one$meta$version, version)
    Find(same, memory_history(memory, key))
  }
  if (is.null(found$data)) {
    abort_object_not_found(key, memory$uri, version)
  }
  found
}

memory_check <- function(memory, key, if_absent, if_match) {
  old <- memory_current(memory, key)
  if (if_absent && !is.null(old)) {
    abort_object_exists(key, memory$uri)
  }
  if (!is.null(if_match) && !identical(old$meta$etag, if_match)) {
    abort_precondition_failed(key, memory$uri, if_match, old$meta$etag)
  }
}

# data: NULL notes a deletion.
memory_add <- function(
  memory,
  key,
  data,
  media_type = NULL,
  metadata = no_metadata
) {
  memory$count <- memory$count + 1
  meta <- new_meta(
    enc2utf8(key),
    length(data),
    Sys.time(),
    if (is.null(data)) "" else hex_text(openssl::md5(data)),
    version = format(memory$count, scientific = FALSE),
    media_type = if (is.null(media_type)) NA_character_ else media_type,
    metadata = metadata
  )
  version <- list(data = data, meta = meta)
  history <- c(memory_history(memory, key), list(version))
  assign(memory_slot(key), history, envir = memory$keys)
  meta
}

memory_delete <- function(memory, key, version = NULL) {
  if (is.null(version)) {
    if (!is.null(memory_current(memory, key))) {
      memory_add(memory, key, NULL)
    }
    return(invisible(NULL))
  }
  other <- function(one) !identical(one$meta$version, version)
  left <- Filter(other, memory_history(memory, key))
  if (length(left)) {
    assign(memory_slot(key), left, envir = memory$keys)
  } else if (!is.null(memory_history(memory, key))) {
    rm(list = memory_slot(key), envir = memory$keys)
  }
  invisible(NULL)
}

memory_restore <- function(memory, key, version) {
  now <- memory_current(memory, key)$meta
  if (!is.null(now) && (is.null(version) || identical(now$version, version))) {
    return(now)
  }
  if (is.null(version)) {
    contents <- Filter(
      function(one) !is.null(one$data),
      memory_history(memory, key)
    )
    if (length(contents) == 0) {
      abort_object_not_found(key, memory$uri)
    }
    version <- contents[[length(contents)]]$meta$version
  }
  found <- memory_find(memory, key, version)
  media_type <- if (!is.na(found$meta$media_type)) found$meta$media_type
  memory_add(memory, key, found$data, media_type, found$meta$metadata)
}

# ---- Listings ----

# Of every key that starts with a prefix its versions, the oldest first.
memory_histories <- function(memory, prefix, exact = FALSE) {
  histories <- as.list(memory$keys, all.names = TRUE, sorted = FALSE)
  keys <- vapply(histories, function(one) one[[1]]$meta$key, "")
  kept <- if (exact) {
    keys == enc2utf8(prefix)
  } else {
    startsWith(keys, enc2utf8(prefix))
  }
  unname(histories[kept])
}

meta_column <- function(metas, name, type) {
  vapply(metas, function(meta) as.vector(meta[[name]], mode(type)), type)
}

memory_list <- function(memory, prefix) {
  newest <- lapply(
    memory_histories(memory, prefix),
    function(one) one[[length(one)]]
  )
  newest <- Filter(function(one) !is.null(one$data), newest)
  metas <- lapply(newest, `[[`, "meta")
  new_listing(
    meta_column(metas, "key", ""),
    meta_column(metas, "size", 0),
    meta_column(metas, "modified", 0),
    meta_column(metas, "etag", "")
  )
}

memory_versions <- function(memory, prefix, exact) {
  histories <- memory_histories(memory, prefix, exact)
  all <- unlist(histories, recursive = FALSE)
  metas <- lapply(all, `[[`, "meta")
  last <- lapply(histories, function(one) seq_along(one) == length(one))
  versions <- meta_column(metas, "version", "")
  new_versions(
    meta_column(metas, "key", ""),
    versions,
    meta_column(metas, "modified", 0),
    meta_column(metas, "size", 0),
    meta_column(metas, "etag", ""),
    as.logical(unlist(last)),
    vapply(all, function(one) is.null(one$data), NA),
    order = as.numeric(versions)
  )
}

# ---- Local files, by name: what they hold, or our error ----

read_local <- function(path) {
  got <- .Call(C_file_read, absolute_path(path), 0, NA_real_)
  if (is.character(got)) {
    abort_local("read", path, got[2])
  }
  got
}

write_local <- function(path, data) {
  path <- absolute_path(path)
  .Call(C_file_remove, path)
  failed <- .Call(C_file_write, path, data)
  if (!is.null(failed)) {
    abort_local("write", path, failed[2])
  }
}
