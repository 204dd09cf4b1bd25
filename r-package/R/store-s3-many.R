# Many requests at once, over curl's multi interface.

# Why 8: enough to hide the way to the server, few enough for small servers.
many_connections <- 8L

# Why more: objects of a batch are small, and each waits for its way to the server, of 30 ms and more; one is
# decoded in one or two. What they hold is bounded by whoever asks.
stream_connections <- 32L

# The objects of many keys, several on their way at once: see `get_stream` in store.R.
s3_get_stream <- function(session, bucket, keys) {
  stream <- s3_stream(
    session,
    function(at) s3_get_request(session, bucket, keys[[at]]),
    build_ahead(session, keys)
  )
  take <- function() {
    one <- stream$take()
    if (is.null(one)) {
      return(NULL)
    }
    failed <- inherits(one$result, "condition")
    list(at = one$at, got = if (failed) one$result else one$result$body)
  }
  list(
    ask = stream$ask,
    take = take,
    close = stream$close,
    width = stream_connections
  )
}

# Seconds. Why so few: a signature is good for 15 minutes by the server's clock, and ours may be wrong.
signed_ahead_s <- 60

# What s3_build() makes of requests that differ by their keys alone, asked for in the keys' order. Why several
# at once: a signature by itself takes as long as the decoding of a small object.
build_ahead <- function(session, keys) {
  ready <- list()
  first <- 0
  signed <- NULL
  since <- 0
  function(at, request) {
    now <- as.numeric(Sys.time())
    with <- list(session_credentials(session), session$region)
    is_ready <- at >= first &&
      at < first + length(ready) &&
      abs(now - since) < signed_ahead_s &&
      identical(with, signed)
    if (!is_ready) {
      last <- min(at + stream_connections - 1, length(keys))
      ready <<- s3_build_each(session, request, keys[at:last])
      first <<- at
      signed <<- with
      since <<- now
    }
    ready[[at - first + 1]]
  }
}

# Send many requests, several at a time.
#
# make: a function of a number up to `count` that makes the request; done: a function of the number, the
# answer or our error, and the request; it may stop, which ends all that are on their way.
s3_send_many <- function(
  session,
  count,
  make,
  done,
  connections = many_connections
) {
  stream <- s3_stream(session, make)
  on.exit(stream$close())
  asked <- min(connections, count)
  for (at in seq_len(asked)) {
    stream$ask(at)
  }
  repeat {
    one <- stream$take()
    if (is.null(one)) {
      break
    }
    done(one$at, one$result, one$request)
    # Why one at a time, as others finish: a signature is only good for 15 minutes.
    if (asked < count) {
      asked <- asked + 1
      stream$ask(asked)
    }
  }
  invisible()
}

# Requests that are on their way together.
#
# make: a function of a number that makes its request; build: of the number and the request, for what goes out.
# Returns a list of functions: ask(number) sends it;
# take() waits until one is answered and gives list(at, result, request), the result being the answer or
# our error, NULL where none is on its way; close() breaks off those that are.
# What fails in passing is asked for again one by one, by s3_send(), which counts that as a first attempt,
# once no other is on its way.
s3_stream <- function(
  session,
  make,
  build = function(at, request) s3_build(session, request)
) {
  # A transport of the tests knows one request at a time.
  alone <- !identical(session$transport, curl_transport)
  pool <- if (!alone) curl::new_pool(total_con = 100, host_con = 100)
  landed <- list()
  again <- numeric()
  # What became of first attempts, by the requests' numbers.
  tried <- list()
  lost <- NULL
  # Handles whose plain GET is done. Why kept: making one takes as long as signing.
  idle <- list()

  handle_for <- function(signed) {
    if (!is_plain_get(signed) || !length(idle)) {
      return(s3_configure(curl::new_handle(), session, signed))
    }
    handle <- idle[[1]]
    idle <<- idle[-1]
    curl::handle_setopt(handle, url = signed$url)
    set_headers(handle, signed)
  }

  ask <- function(at) {
    if (alone) {
      again <<- c(again, at)
      return(invisible())
    }
    request <- s3_request_defaults(make(at))
    signed <- build(at, request)
    handle <- handle_for(signed)
    # Why only noted: an error must not pass through curl's own code.
    note <- function(fetched) {
      one <- list(at = at, request = request, fetched = fetched)
      landed[[length(landed) + 1]] <<- one
      if (is_plain_get(signed)) {
        idle[[length(idle) + 1]] <<- handle
      }
    }
    fail <- function(message) later(at, s3_judge_broken(message))
    curl::multi_add(handle, done = note, fail = fail, pool = pool)
    # Why: the request goes out now, not when the caller next waits.
    curl::multi_run(timeout = 0, poll = TRUE, pool = pool)
    invisible()
  }

  take <- function() {
    repeat {
      if (length(landed)) {
        one <- landed[[1]]
        landed <<- landed[-1]
        response <- s3_response(one$fetched)
        failed <- s3_judge(response, one$request)
        if (is.null(failed) || !is_passing(failed)) {
          result <- s3_settle(session, one$request, response, failed)
          return(list(at = one$at, result = result, request = one$request))
        }
        later(one$at, failed)
      } else if (!alone && length(curl::multi_list(pool))) {
        curl::multi_run(timeout = 5, poll = TRUE, pool = pool)
      } else {
        return(if (length(again)) ask_again())
      }
    }
  }

  later <- function(at, failed) {
    again <<- c(again, at)
    # Why only these: a wrong region or an old token will have been put right.
    if (failed$retry) {
      tried[[as.character(at)]] <<- failed
    }
  }

  ask_again <- function() {
    at <- min(again)
    again <<- again[again != at]
    first <- tried[[as.character(at)]]
    tried[[as.character(at)]] <<- NULL
    request <- make(at)
    # Why: where the endpoint is gone, the other keys need not each wait for it.
    result <- if (is.null(lost)) {
      tryCatch(
        s3_send(session, request, first),
        crossframe_error = identity
      )
    } else {
      lost
    }
    if (inherits(result, "crossframe_error_endpoint")) {
      lost <<- result
    }
    list(at = at, result = result, request = request)
  }

  close <- function() {
    for (handle in if (!alone) curl::multi_list(pool)) {
      curl::multi_cancel(handle)
    }
    landed <<- idle <<- list()
    again <<- numeric()
  }

  list(ask = ask, take = take, close = close)
}

# Whether asking again can help.
is_passing <- function(failed) {
  failed$retry || !is.null(failed$region) || failed$error == "expired_token"
}

# The answer, or the error that it is.
s3_settle <- function(session, request, response, failed) {
  if (is.null(failed)) {
    return(response)
  }
  failed$attempts <- 1
  tryCatch(s3_abort(session, request, failed), crossframe_error = identity)
}
