# Writing many objects: each for itself, or all of them before the first is seen.
#
# All together: each is written below a name that patterns leave out, then copied by the store. So what can
# fail, encoding and uploading, has been done for all before the first key changes.

# What told_saved() gives of each plan; the error of the first key that failed, once what was begun has come to
# its end.
save_each <- function(plans, overwrite, schema, bar) {
  written <- write_plans(plans, overwrite, schema, bar)
  failed <- vapply(written, inherits, NA, what = "condition")
  if (any(failed)) {
    stop(written[failed][[1L]])
  }
  written
}

# base: the prefix that all keys have, up to a slash; below it they are written first.
save_together <- function(plans, base, overwrite, schema, bar) {
  if (!length(plans)) {
    return(list())
  }
  targets <- lapply(plans, `[[`, "location")
  keys <- vapply(targets, shown_key, "")
  token <- hex_text(openssl::rand_bytes(8))
  folder <- paste0(base, saving_folder, token, "/")
  hidden <- lapply(plans, function(plan) {
    below <- substring(plan$location$key, nchar(base) + 1L)
    plan$location$key <- paste0(folder, below)
    plan
  })
  fail <- function(errors, done = character()) {
    abort_batch("save", errors, length(keys), done = done)
  }
  if (!overwrite) {
    taken <- check_all_free(targets)
    if (length(taken)) {
      fail(stats::setNames(taken, shown_key(targets[[1L]], names(taken))))
    }
  }
  on.exit(remove_hidden(targets[[1L]]$store, folder))
  written <- write_plans(hidden, TRUE, schema, bar)
  failed <- vapply(written, inherits, NA, what = "condition")
  if (any(failed)) {
    fail(stats::setNames(written, keys)[failed])
  }
  for (at in seq_along(targets)) {
    seen <- at - 1L
    meta <- tryCatch(
      {
        from <- hidden[[at]]$location
        landed <- transfer_object(from, targets[[at]], overwrite)
        # Why before its schema: where that fails, the data can be seen.
        seen <- at
        copy_sidecar(from, targets[[at]])
        landed
      },
      crossframe_error = identity
    )
    if (inherits(meta, "condition")) {
      fail(stats::setNames(list(meta), keys[at]), keys[seq_len(seen)])
    }
    told <- list(
      key = keys[at],
      uri = uri_of(targets[[at]]),
      etag = meta$etag,
      version = meta$version
    )
    written[[at]][names(told)] <- told
  }
  written
}

# The errors of those that are taken, by key.
check_all_free <- function(locations) {
  errors <- lapply(locations, function(location) {
    taken <- !is.null(head_if_there(location))
    if (taken) {
      tryCatch(
        abort_object_exists(location$key, location$store$uri),
        crossframe_error = identity
      )
    }
  })
  names(errors) <- vapply(locations, `[[`, "", "key")
  Filter(Negate(is.null), errors)
}

# Remove what lies below a folder of ours, without keeping it as older versions.
remove_hidden <- function(store, folder) {
  tryCatch(
    for (key in store$list(folder)$key) {
      delete_for_good(store, key)
    },
    crossframe_error = function(condition) {
      cf_warn(
        "not_removed",
        sprintf("Can't remove what was written for a moment, '%s'.", folder),
        conditionMessage(condition)
      )
    }
  )
}

# Write the values of all plans, several at a time.
#
# Returns a list in their order: what told_saved() gives, or the error condition; after an error nothing more
# is begun, and what was not is NULL.
write_plans <- function(plans, overwrite, schema, bar) {
  count <- length(plans)
  results <- vector("list", count)
  if (!count) {
    return(results)
  }
  stream <- plans[[1L]]$location$store$put_stream()
  on.exit(stream$close())
  begun <- 0L
  pending <- list()
  failed <- FALSE

  end <- function(at, result) {
    results[[at]] <<- result
    pending[[as.character(at)]] <<- NULL
    failed <<- failed || inherits(result, "condition")
    bar$step()
  }
  # Errors name the object as the store does, or get its name here.
  fail <- function(at, condition) {
    location <- plans[[at]]$location
    end(
      at,
      tryCatch(placing(location, stop(condition)), crossframe_error = identity)
    )
  }
  begin <- function() {
    while (!failed && begun < count && has_room(stream, pending)) {
      begun <<- begun + 1L
      plan <- plans[[begun]]
      encoded <- tryCatch(
        encode_values(plan$values, plan$choice, schema),
        crossframe_error = identity
      )
      if (inherits(encoded, "condition")) {
        return(fail(begun, encoded))
      }
      pending[[as.character(begun)]] <<- encoded
      stream$ask(begun, item_of(plan, encoded$data, overwrite))
    }
  }
  # The number of a sidecar is that of its data, beyond those of all data.
  landed <- function(at, meta) {
    plan <- plans[[at]]
    encoded <- pending[[as.character(at)]]
    pending[[as.character(at)]]$told <<- told_saved(
      plan$values,
      plan$location,
      plan$choice,
      meta
    )
    if (codec_for(plan$choice$format)$sidecar) {
      key <- paste0(plan$location$key, sidecar_suffix)
      if (!is.null(encoded$sidecar)) {
        text <- charToRaw(enc2utf8(encoded$sidecar(encoded$data)))
        item <- list(key = key, data = text, if_absent = FALSE)
        item$media_type <- "application/json"
        return(stream$ask(count + at, item))
      }
      plan$location$store$delete(key)
    }
    end(at, pending[[as.character(at)]]$told)
  }

  begin()
  repeat {
    one <- stream$take()
    if (is.null(one)) {
      return(results)
    }
    beside <- one$at > count
    at <- one$at - beside * count
    if (inherits(one$got, "condition")) {
      fail(at, one$got)
    } else if (beside) {
      end(at, pending[[as.character(at)]]$told)
    } else {
      landed(at, one$got)
    }
    begin()
  }
}

has_room <- function(stream, pending) {
  bytes <- sum(vapply(pending, function(one) as.double(length(one$data)), 0))
  length(pending) < stream$width && bytes < held_bytes
}

item_of <- function(plan, data, overwrite) {
  list(
    key = plan$location$key,
    data = data,
    if_absent = !overwrite,
    media_type = format_media_type(plan$choice)
  )
}
