# Objects of a batch: sent for several at a time, given as they come, and decoded.

# Why: what has been sent for is held until it is decoded.
held_bytes <- 256 * 1024^2

# The objects that were found, from the `first` on, each with the sidecar beside it.
#
# Returns a list of functions: ask(last) sends for as many, of the first `last` keys, as are of use at once;
# take() waits for one and gives list(at, said, stored, sidecar): the number of its key, what the key's extensions
# say, and bytes or an error condition each (NULL without a sidecar); NULL where none was sent for; close()
# breaks off the rest.
new_fetcher <- function(found, first = 1L) {
  keys <- found$rows$key
  sizes <- found$rows$size
  # Why here: for all at once it takes hardly longer than for one.
  said <- split_extensions(keys)
  has_sidecar <- paste0(keys, sidecar_suffix) %in% found$sidecars
  owner <- rep(seq_along(keys), 1L + has_sidecar)
  second <- duplicated(owner)
  wanted <- paste0(keys[owner], ifelse(second, sidecar_suffix, ""))
  stream <- found$store$get_stream(wanted)
  asked <- match(first, owner) - 1L
  under_way <- 0L
  bytes <- 0
  halves <- list()

  ask <- function(last) {
    while (
      asked < length(wanted) &&
        under_way < stream$width &&
        owner[asked + 1L] <= last &&
        (under_way == 0L || bytes + sizes[owner[asked + 1L]] <= held_bytes)
    ) {
      asked <<- asked + 1L
      under_way <<- under_way + 1L
      if (!second[asked]) {
        bytes <<- bytes + sizes[owner[asked]]
      }
      stream$ask(asked)
    }
  }

  take <- function() {
    repeat {
      one <- stream$take()
      if (is.null(one)) {
        return(NULL)
      }
      under_way <<- under_way - 1L
      at <- owner[one$at]
      if (!second[one$at]) {
        bytes <<- bytes - sizes[at]
      }
      whole <- list(at = at, said = lapply(said, `[`, at))
      if (!has_sidecar[at]) {
        return(c(whole, list(stored = one$got)))
      }
      slot <- as.character(at)
      half <- if (second[one$at]) "sidecar" else "stored"
      halves[[slot]][[half]] <<- one$got
      if (length(halves[[slot]]) == 2L) {
        whole <- c(whole, halves[[slot]])
        halves[[slot]] <<- NULL
        return(whole)
      }
      # Why: its other half may not have been sent for.
      ask(at)
    }
  }

  list(ask = ask, take = take, close = stream$close)
}

# The named list of values of what was fetched, or the condition why not.
#
# how: list(format, name, columns, trust, frames): frames TRUE takes one data frame and nothing else.
decode_fetched <- function(found, one, how) {
  location <- new_location(found$store, found$rows$key[one$at], found$whole)
  read <- function() {
    values <- decode_stored(
      location,
      one$stored,
      how$format,
      how$name,
      how$columns,
      how$trust,
      function() fetched_sidecar(one$sidecar),
      one$said
    )
    if (isTRUE(how$frames)) {
      check_one_frame(values, shown_key(location))
    }
    values
  }
  tryCatch(
    {
      # Why first: the condition of an object that was not got is its result.
      if (inherits(one$stored, "condition")) {
        placing(location, stop(one$stored))
      }
      read()
    },
    crossframe_error = identity
  )
}

# As decode_fetched() with frames TRUE, without those of the columns that the frame lacks.
decode_those_there <- function(found, one, how) {
  values <- decode_fetched(found, one, how)
  if (is.null(how$columns) || !inherits(values, "crossframe_error_usage")) {
    return(values)
  }
  columns <- how$columns
  how["columns"] <- list(NULL)
  values <- decode_fetched(found, one, how)
  if (!inherits(values, "condition")) {
    there <- intersect(columns, names(values[[1L]]))
    values[[1L]] <- pick_columns(values[[1L]], there)
  }
  values
}

# The text of a sidecar; NULL where it has gone since it was listed.
fetched_sidecar <- function(got) {
  if (is.raw(got)) {
    return(sidecar_text(got))
  }
  if (!is.null(got) && !inherits(got, "crossframe_error_object_not_found")) {
    stop(got)
  }
  NULL
}

check_one_frame <- function(values, key) {
  if (length(values) != 1L) {
    cf_abort(
      "usage",
      sprintf("Can't load '%s' as one frame.", key),
      sprintf("it holds %s", shown_names(names(values)))
    )
  }
  if (!is.data.frame(values[[1L]])) {
    cf_abort(
      "unsupported_type",
      sprintf("Can't load '%s' as a data frame.", key),
      sprintf("it holds a value of class '%s'", class(values[[1L]])[1L])
    )
  }
}
