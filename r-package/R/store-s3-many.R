# Many objects at once, over curl's multi interface.

# Why 8: enough to hide the way to the server, few enough for small servers.
many_connections <- 8L

# list in the order of `keys`, each a raw vector or the error condition of that key.
# What fails in passing is asked for again one by one, by s3_send(), which retries.
s3_get_many <- function(session, bucket, keys) {
  results <- vector("list", length(keys))
  again <- integer()
  position <- 0
  pool <- curl::new_pool(
    total_con = many_connections,
    host_con = many_connections
  )
  on.exit(
    for (handle in curl::multi_list(pool)) {
      curl::multi_cancel(handle)
    }
  )

  # Why one at a time, as others finish: a signature is only good for 15 minutes.
  add <- function() {
    if (position >= length(keys)) {
      return(invisible())
    }
    position <<- position + 1
    at <- position
    request <- s3_request_defaults(s3_get_request(bucket, keys[[at]]))
    signed <- s3_build(session, request)
    handle <- s3_configure(curl::new_handle(url = signed$url), session, signed)
    done <- function(fetched) {
      result <- s3_settle(session, request, s3_response(fetched))
      if (is.null(result)) {
        again <<- c(again, at)
      } else {
        results[[at]] <<- result
      }
      add()
    }
    fail <- function(message) {
      again <<- c(again, at)
      add()
    }
    curl::multi_add(handle, done = done, fail = fail, pool = pool)
  }

  for (slot in seq_len(min(many_connections, length(keys)))) {
    add()
  }
  curl::multi_run(pool = pool)
  lost <- NULL
  for (at in sort(again)) {
    # Why: where the endpoint is gone, the other keys need not each wait for it.
    results[[at]] <- if (is.null(lost)) {
      tryCatch(s3_get(session, bucket, keys[[at]]), crossframe_error = identity)
    } else {
      lost
    }
    if (inherits(results[[at]], "crossframe_error_endpoint")) {
      lost <- results[[at]]
    }
  }
  results
}

# The bytes, or the error where asking again can't help, or NULL: ask again.
s3_settle <- function(session, request, response) {
  failed <- s3_judge(response, request)
  if (is.null(failed)) {
    return(response$body)
  }
  if (
    failed$retry || !is.null(failed$region) || failed$error == "expired_token"
  ) {
    return(NULL)
  }
  failed$attempts <- 1
  tryCatch(s3_abort(session, request, failed), crossframe_error = identity)
}
