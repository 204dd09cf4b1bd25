# A link as a store: what it leads to can be read, and nothing else.
#
# A link is one object. Where it is not signed, what lies beside it (a sidecar) can be read, too.
# The query of a link is a secret, since it holds the signature: it stands in no message.

# options: arguments of cf_store_s3(), of which times, attempts and trust count here.
store_https <- function(url, options = list()) {
  url <- ascii_url(sub("#.*$", "", url))
  path <- sub("[?].*$", "", url)
  base <- sub("/[^/]*$", "", path)
  link <- list(
    url = url,
    uri = base,
    key = url_decode(sub("^.*/", "", path)),
    signed = grepl("?", url, fixed = TRUE),
    options = utils::modifyList(https_defaults, options)
  )
  refuse <- function(verb) {
    function(key, ...) {
      cf_abort(
        "not_supported",
        sprintf("Can't %s '%s' in %s: links are for reading.", verb, key, base),
        hint = "Name the bucket: s3://bucket/key.",
        uri = base
      )
    }
  }
  refuse_list <- function(prefix = "") {
    cf_abort(
      "not_supported",
      sprintf("Can't list %s: a link leads to one object.", base),
      hint = "Name the bucket: s3://bucket/prefix/.",
      uri = base
    )
  }
  links <- without_links(base, "Give on the link itself.")
  store <- new_store(
    uri = base,
    get = function(key, start = 0, length = NULL, version = NULL) {
      check_range(start, length)
      https_get(https_at(link, key, version), start, length)
    },
    put = refuse("write"),
    head = function(key, version = NULL) {
      https_head(https_at(link, key, version))
    },
    list = refuse_list,
    children = refuse_list,
    delete = refuse("delete"),
    get_to = function(key, path, version = NULL) {
      https_get_to(https_at(link, key, version), path)
    },
    put_from = refuse("write"),
    sign = links$sign,
    publish = links$publish,
    unpublish = links$unpublish,
    published = links$published
  )
  attr(store, "key") <- link$key
  store
}

https_defaults <- list(
  attempts = 4L,
  connect_timeout_s = 10,
  read_timeout_s = 60,
  verify = NULL
)

# The link to ask for: the link itself, or one to what lies beside it.
https_at <- function(link, key, version) {
  if (!is.null(version)) {
    cf_abort(
      "not_supported",
      sprintf(
        "Can't read a version of '%s' in %s: a link is to one version.",
        key,
        link$uri
      ),
      hint = "Ask for a link to that version."
    )
  }
  link$own <- identical(key, link$key)
  if (link$own) {
    return(link)
  }
  # The signature of a link is good for its own object only.
  check_read_key(key, link$uri)
  if (link$signed || any(segments(key) %in% c("", ".", ".."))) {
    abort_object_not_found(key, link$uri)
  }
  link$key <- key
  link$url <- paste0(link$uri, "/", uri_encode(key, keep_slash = TRUE))
  link
}

# Why by hand: the URL is text that somebody pasted, and libcurl sends its bytes as they are.
ascii_url <- function(url) {
  bytes <- charToRaw(enc2utf8(url))
  parts <- rawToChar(bytes, multiple = TRUE)
  high <- bytes > as.raw(0x7f)
  parts[high] <- sprintf("%%%02X", as.integer(bytes[high]))
  paste(parts, collapse = "")
}

url_decode <- function(text) {
  decoded <- curl::curl_unescape(text)
  Encoding(decoded) <- "UTF-8"
  if (validUTF8(decoded)) decoded else text
}

# ---- Reading ----

https_get <- function(link, start, length) {
  if (start == 0 && is.null(length)) {
    return(https_twice(link, function() {
      https_whole(link, https_send(link))$body
    }))
  }
  if (identical(as.double(length), 0)) {
    https_head(link)
    return(raw(0))
  }
  end <- if (is.null(length)) "" else sprintf("%.0f", start + length - 1)
  range <- sprintf("bytes=%.0f-%s", start, end)
  https_twice(link, function() {
    response <- https_send(link, c(Range = range))
    if (response$status == 416) {
      return(raw(0))
    }
    if (response$status != 206) {
      # A server that knows no ranges sends all there is.
      return(slice_raw(https_whole(link, response)$body, start, length))
    }
    found <- content_range(response)
    wrong <- !identical(found$from, as.double(start)) ||
      !identical(found$to - found$from + 1, as.double(length(response$body)))
    if (wrong) {
      doubt_link("it is not the part that was asked for")
    }
    slice_raw(response$body, 0, length)
  })
}

https_get_to <- function(link, path) {
  path <- absolute_path(path)
  https_twice(link, function() {
    response <- https_whole(link, https_send(link, to = path))
    meta <- https_meta(link, response)
    meta$size <- file.size(path)
    meta
  })
}

# Why by its first byte: a signed link allows no HEAD.
https_head <- function(link) {
  response <- https_send(link, c(Range = "bytes=0-0"), most = https_head_bytes)
  https_meta(link, response)
}

# A server that knows no ranges is stopped after as many bytes.
https_head_bytes <- 65536

# The response, where its body is what was stored.
https_whole <- function(link, response) {
  # Other servers have ETags that look like an MD5 and are none of the content.
  told <- response
  if (!"x-amz-request-id" %in% names(told$headers)) {
    told$headers <- told$headers[names(told$headers) != "etag"]
  }
  differs <- check_body(told)
  if (!is.null(differs)) {
    doubt_link(differs)
  }
  response
}

# Read, and once more where the bytes came damaged or cut.
https_twice <- function(link, read) {
  again <- FALSE
  repeat {
    got <- tryCatch(
      list(read()),
      crossframe_damaged = function(condition) condition
    )
    if (!inherits(got, "condition")) {
      return(got[[1]])
    }
    if (again) {
      cf_abort(
        "corrupt_object",
        sprintf(
          "Can't read '%s' in %s: what came is not what was stored, twice in a row.",
          link$key,
          link$uri
        ),
        conditionMessage(got),
        "Try again later.",
        key = link$key,
        uri = link$uri
      )
    }
    again <- TRUE
  }
}

# For https_twice() alone.
doubt_link <- function(how) {
  stop(structure(
    class = c("crossframe_damaged", "error", "condition"),
    list(message = how, call = NULL)
  ))
}

https_meta <- function(link, response) {
  headers <- response$headers
  said <- function(name) unname(headers[name])
  found <- content_range(response)
  size <- if (is.null(found)) said("content-length") else found$size
  about <- headers[startsWith(names(headers), "x-amz-meta-")]
  names(about) <- sub("^x-amz-meta-", "", names(about))
  about <- about[names(about) != "crossframe-sha256"]
  new_meta(
    link$key,
    if (grepl("^[0-9]+$", size)) as.numeric(size) else 0,
    https_modified(headers),
    if (is.na(said("etag"))) "" else clean_etag(said("etag")),
    version = said("x-amz-version-id"),
    storage_class = said("x-amz-storage-class"),
    media_type = if (response$status == 416) {
      NA_character_
    } else {
      said("content-type")
    },
    metadata = if (length(about)) about else no_metadata
  )
}

# list(from, to, size) of a part, NULL where the answer says nothing of one.
content_range <- function(response) {
  said <- unname(response$headers["content-range"])
  form <- "^bytes (?:([0-9]+)-([0-9]+)|[*])/([0-9]+)$"
  if (is.na(said) || !grepl(form, said, perl = TRUE)) {
    return(NULL)
  }
  part <- function(at) {
    as.numeric(sub(form, paste0("\\", at), said, perl = TRUE))
  }
  list(from = part(1), to = part(2), size = part(3))
}

# When the object was written, as far as the server tells.
https_modified <- function(headers) {
  for (name in c("last-modified", "date")) {
    # Why: curl knows the form of HTTP's dates whatever the locale.
    found <- if (!is.na(headers[name])) curl::parse_date(headers[name])
    if (length(found) && !is.na(found)) {
      return(found)
    }
  }
  Sys.time()
}
