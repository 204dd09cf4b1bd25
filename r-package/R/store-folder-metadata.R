# What a writer said of a content besides its bytes, and what is to expire: JSON files below `.crossframe`.

# list(media_type, metadata), NULL where the writer says no more than the key does: most contents need no
# file of their own besides.
new_about <- function(key, media_type, metadata) {
  said <- is_string(media_type) && !identical(media_type, usual_media_type(key))
  metadata <- check_metadata(metadata)
  if (said || length(metadata)) {
    list(
      media_type = if (is_string(media_type)) media_type else NA_character_,
      metadata = metadata
    )
  }
}

# What is said of a content, in full.
as_said <- function(key, about) {
  if (is.null(about)) {
    about <- list(media_type = NA_character_, metadata = no_metadata)
  }
  if (is.na(about$media_type)) {
    about$media_type <- usual_media_type(key)
  }
  about
}

# The media type that a key's extensions tell, or NA.
usual_media_type <- function(key) {
  table <- format_table()
  split <- split_extensions(key)
  row <- match(split$format, table$name)
  compressed <- !is.na(split$compression) &&
    !identical(split$compression, table$compression[row])
  table$media_type[
    if (compressed) match(split$compression, table$name) else row
  ]
}

# What is said of the content of that ETag: now, or as a version.
folder_about <- function(folder, key, etag) {
  # What was replaced has a file of its own, unless it was replaced just now.
  for (file in c(metadata_file(key), metadata_file(key, etag))) {
    found <- read_about(folder, file)
    if (identical(found$etag, etag)) {
      return(as_said(key, found))
    }
  }
  as_said(key, NULL)
}

# NULL where there is none, or where it is not of our making.
read_about <- function(folder, file) {
  said <- read_own_json(folder, file)
  if (!is.list(said) || !is_string(said$etag)) {
    return(NULL)
  }
  texts <- unlist(Filter(is_string, as.list(said$metadata)))
  list(
    etag = said$etag,
    media_type = if (is_string(said$media_type)) {
      said$media_type
    } else {
      NA_character_
    },
    metadata = if (is.null(names(texts))) no_metadata else texts
  )
}

# Write what is said of the content that is to come, under a temporary name, which is the answer.
note_about <- function(folder, key, etag, about) {
  if (is.null(about)) {
    return(NULL)
  }
  said <- list(
    etag = etag,
    media_type = if (is.na(about$media_type)) NULL else about$media_type,
    metadata = as.list(about$metadata)
  )
  # Why so: list() drops no NULL, but `$<-` would.
  said["media_type"] <- list(said$media_type)
  write_own_json(folder, key, metadata_file(key), said)
}

# Called under the lock, when the content has its name.
set_about <- function(folder, key, noted) {
  if (is.null(noted)) {
    return(drop_about(folder, key))
  }
  target <- below(folder$root, metadata_file(key))
  folder_try(folder, "write", key, .Call(C_file_rename, noted, target))
}

drop_about <- function(folder, key) {
  remove_own(folder, below(folder$root, metadata_file(key)))
  NULL
}

# Let what is said of a content go along with it to the versions.
keep_about <- function(folder, key, etag) {
  if (identical(read_about(folder, metadata_file(key))$etag, etag)) {
    from <- below(folder$root, metadata_file(key))
    to <- below(folder$root, metadata_file(key, etag))
    .Call(C_file_rename, from, to)
  }
  NULL
}

# ---- What expires: carried out by whoever cleans up ----

expire_file <- ".crossframe/expire.json"

folder_expiries <- function(folder) {
  check_root(folder)
  path <- below(folder$root, expire_file)
  days <- stats::setNames(integer(), character())
  if (.Call(C_file_stat, path)$type == "none") {
    return(days)
  }
  rules <- read_own_json(folder, expire_file, own_rules_bytes)$rules
  for (rule in if (is.list(rules)) rules else list(NULL)) {
    if (!is_rule(rule)) {
      cf_abort(
        "corrupt_object",
        sprintf(
          "Can't read what expires in %s: the file '%s' is damaged.",
          folder$uri,
          path
        ),
        hint = "Remove it, and set the rules again."
      )
    }
    days[rule$prefix] <- as.integer(rule$days)
  }
  days[byte_order(names(days))]
}

is_rule <- function(rule) {
  is.list(rule) &&
    is_string(rule$prefix) &&
    is.numeric(rule$days) &&
    isTRUE(rule$days >= 1 & rule$days < 2^31 & rule$days == trunc(rule$days))
}

folder_expire <- function(folder, prefix, days) {
  prefix <- enc2utf8(prefix)
  check_inside(folder, prefix)
  check_days(days)
  held <- folder_lock(folder, prefix, create = TRUE)
  on.exit(folder_unlock(held))
  rules <- folder_expiries(folder)
  rules <- rules[names(rules) != prefix]
  if (!is.null(days)) {
    rules[[prefix]] <- days
  }
  rules <- rules[byte_order(names(rules))]
  rows <- lapply(seq_along(rules), function(i) {
    list(prefix = names(rules)[i], days = rules[[i]])
  })
  noted <- write_own_json(folder, prefix, expire_file, list(rules = rows))
  target <- below(folder$root, expire_file)
  folder_try(folder, "write", prefix, .Call(C_file_rename, noted, target))
  invisible(NULL)
}

# ---- JSON files of the store's own ----

# Why limits: whoever shares the folder can put any file there.
# Two KiB of metadata, escaped at its worst, and as much again.
own_json_bytes <- 64 * 1024
own_rules_bytes <- 4 * 1024^2

# NULL where there is none, it is too large to be ours, or it is not JSON: what is damaged says nothing.
read_own_json <- function(folder, file, most = own_json_bytes) {
  path <- below(folder$root, file)
  if (!is_plain_within(folder, path)) {
    return(NULL)
  }
  got <- .Call(C_file_read, path, 0, most + 1)
  if (!is.raw(got) || length(got) > most || any(got == 0)) {
    return(NULL)
  }
  text <- rawToChar(got)
  Encoding(text) <- "UTF-8"
  tryCatch(parse_json(text), error = function(e) NULL)
}

# Returns the temporary path, to be renamed to the file.
write_own_json <- function(folder, key, file, value) {
  relative <- sub("^[^/]*/?", "", dirname_utf8(file))
  folder_try(folder, "write", key, make_own(folder, relative))
  temporary <- new_temporary(dirname_utf8(below(folder$root, file)))
  bytes <- charToRaw(write_json(value))
  folder_try(folder, "write", key, .Call(C_file_write, temporary, bytes))
  temporary
}
