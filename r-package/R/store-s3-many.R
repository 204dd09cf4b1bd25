# Many requests at once, over curl's multi interface.

# Why 8: enough to hide the way to the server, few enough for small servers.
many_connections <- 8L

# list in the order of `keys`, each a raw vector or the error condition of that key.
s3_get_many <- function(session, bucket, keys) {
  results <- vector("list", length(keys))
  s3_send_many(
    session,
    length(keys),
    make = function(at) s3_get_request(session, bucket, keys[[at]]),
    done = function(at, result, request) {
      results[[at]] <<- if (inherits(result, "condition")) {
        result
      } else {
        result$body
      }
    }
  )
  results
}

# Send many requests, several at a time.
#
# make: a function of a number up to `count` that makes the request; done: a function of the number, the
# answer or our error, and the request; it may stop, which ends all that are on their way.
# What fails in passing is asked for again one by one, by s3_send(), which counts that as a first attempt.
s3_send_many <- function(
  session,
  count,
  make,
  done,
  connections = many_connections
) {
  # A transport of the tests knows one request at a time.
  if (!identical(session$transport, curl_transport)) {
    return(s3_send_each(session, seq_len(count), make, done))
  }
  again <- integer()
  tried <- list()
  position <- 0
  stopped <- NULL
  pool <- curl::new_pool(total_con = connections, host_con = connections)
  cancel <- function() {
    for (handle in curl::multi_list(pool)) {
      curl::multi_cancel(handle)
    }
  }
  on.exit(cancel())

  # Why kept for later: an error must not pass through curl's own code.
  guarded <- function(code) {
    tryCatch(code, error = function(error) {
      stopped <<- error
      position <<- count
    })
  }
  later <- function(at, failed) {
    again <<- c(again, at)
    # Why only these: a wrong region or an old token will have been put right.
    if (failed$retry) {
      tried[[as.character(at)]] <<- failed
    }
  }
  # Why one at a time, as others finish: a signature is only good for 15 minutes.
  add <- function() {
    if (position >= count) {
      return(invisible())
    }
    position <<- position + 1
    at <- position
    request <- s3_request_defaults(make(at))
    signed <- s3_build(session, request)
    handle <- s3_configure(curl::new_handle(url = signed$url), session, signed)
    landed <- function(fetched) {
      guarded({
        response <- s3_response(fetched)
        failed <- s3_judge(response, request)
        if (is.null(failed)) {
          done(at, response, request)
        } else if (is_passing(failed)) {
          later(at, failed)
        } else {
          done(at, s3_error(session, request, failed), request)
        }
        add()
      })
    }
    lost <- function(message) {
      guarded({
        later(at, s3_judge_broken(message))
        add()
      })
    }
    curl::multi_add(handle, done = landed, fail = lost, pool = pool)
  }

  for (slot in seq_len(min(connections, count))) {
    add()
  }
  # Why not by multi_run()'s own count: it misses what was added by what has just landed.
  while (is.null(stopped) && length(curl::multi_list(pool)) > 0) {
    curl::multi_run(timeout = 5, poll = TRUE, pool = pool)
  }
  if (!is.null(stopped)) {
    cancel()
    stop(stopped)
  }
  s3_send_each(session, sort(again), make, done, tried)
}

# tried: what became of first attempts, by the requests' numbers.
s3_send_each <- function(session, which, make, done, tried = list()) {
  lost <- NULL
  for (at in which) {
    request <- make(at)
    # Why: where the endpoint is gone, the other keys need not each wait for it.
    result <- if (is.null(lost)) {
      tryCatch(
        s3_send(session, request, tried[[as.character(at)]]),
        crossframe_error = identity
      )
    } else {
      lost
    }
    if (inherits(result, "crossframe_error_endpoint")) {
      lost <- result
    }
    done(at, result, request)
  }
  invisible()
}

# Whether asking again can help.
is_passing <- function(failed) {
  failed$retry || !is.null(failed$region) || failed$error == "expired_token"
}

s3_error <- function(session, request, failed) {
  failed$attempts <- 1
  tryCatch(s3_abort(session, request, failed), crossframe_error = identity)
}
