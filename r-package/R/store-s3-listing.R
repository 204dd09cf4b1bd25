# S3's listings: every page of them, from XML to columns.

# All pages of a listing: list(objects = listing, prefixes = character()).
s3_list_all <- function(
  session,
  bucket,
  prefix = "",
  delimiter = NULL,
  page_keys = 1000L
) {
  query <- c(
    "list-type" = "2",
    "encoding-type" = "url",
    "max-keys" = as.character(page_keys),
    prefix = prefix,
    delimiter = delimiter
  )
  pages <- s3_list_pages(session, bucket, query)
  column <- function(name, empty) page_column(pages, name, empty)
  prefixes <- unique(column("prefixes", character()))
  list(
    objects = new_listing(
      column("key", character()),
      column("size", numeric()),
      column("modified", numeric()),
      column("etag", character()),
      column("storage_class", character())
    ),
    prefixes = prefixes[byte_order(prefixes)]
  )
}

s3_list_pages <- function(session, bucket, query) {
  pages <- list()
  token <- NULL
  repeat {
    asked <- c(query, token)
    page <- s3_page(
      session,
      list(method = "GET", bucket = bucket, query = asked),
      "ListBucketResult"
    )
    found <- c(page_objects(page), list(prefixes = page_prefixes(page)))
    count <- as.numeric(one_text(page, "KeyCount"))
    sent <- length(found$key) + length(found$prefixes)
    if (!is.na(count) && count > sent) {
      abort_cut_listing(
        bucket,
        sprintf("The server speaks of %.0f keys and sent %d.", count, sent)
      )
    }
    pages[[length(pages) + 1]] <- found
    markers <- c("continuation-token" = "ContinuationToken")
    token <- next_markers(bucket, page, markers, token)
    if (is.null(token)) {
      return(pages)
    }
  }
}

# The pages of a listing that goes on from markers: versions, uploads. What `read` makes of each.
#
# markers: named by the argument of the request, the element of the answer that is its next value
# without "Next". last: a function of what was read that tells whether the rest is not wanted.
marked_pages <- function(
  session,
  request,
  query,
  markers,
  root,
  read,
  last = function(found) FALSE
) {
  pages <- list()
  at <- NULL
  repeat {
    request$query <- c(query, at)
    page <- s3_page(session, request, root)
    pages[[length(pages) + 1]] <- read(page)
    following <- next_markers(request$bucket, page, markers, at)
    if (is.null(following) || last(pages[[length(pages)]])) {
      return(pages)
    }
    at <- following
  }
}

# Where to go on, NULL after the last page. A listing is never cut short in silence.
next_markers <- function(bucket, page, markers, at) {
  truncated <- one_text(page, "IsTruncated")
  if (is.na(truncated)) {
    abort_cut_listing(
      bucket,
      "The answer does not say whether it is all there is."
    )
  }
  if (truncated != "true") {
    return(NULL)
  }
  following <- vapply(markers, "", FUN = function(name) {
    one_text(page, paste0("Next", name))
  })
  if ("key-marker" %in% names(following)) {
    following["key-marker"] <- decode_keys(following["key-marker"], page)
  }
  following <- following[!is.na(following) & nzchar(following)]
  if (length(following) == 0) {
    abort_cut_listing(
      bucket,
      "The server has more, and does not say how to go on."
    )
  }
  if (identical(following, at)) {
    abort_cut_listing(
      bucket,
      "The server says twice to go on at the same place."
    )
  }
  following
}

page_column <- function(pages, name, empty) {
  c(empty, unlist(lapply(pages, `[[`, name)))
}

abort_cut_listing <- function(bucket, problem) {
  cf_abort(
    "unavailable",
    sprintf("Can't list s3://%s: the listing is not whole.", bucket),
    problem,
    "Try again later.",
    bucket = bucket
  )
}

# The root of an answer that must be complete XML of that name.
s3_page <- function(session, request, root) {
  request$root <- root
  xml_root(s3_send(session, request)$body)
}

xml_root <- function(body) {
  bare <- without_namespace(body)
  page <- xml2::read_xml(bare)
  named <- length(grepRaw("xmlns", bare, fixed = TRUE)) > 0
  if (named) xml2::xml_ns_strip(page) else page
}

# An XML document without the namespace of its root.
# Why by its bytes: xml2 takes it from each element, and for most of the time that a listing takes.
without_namespace <- function(body) {
  start <- paste0(
    "^[[:space:]]*(<[?][^>]*>)?[[:space:]]*",
    "<[[:alnum:]]+ xmlns=\"[^\"]*\""
  )
  head <- grepRaw(start, utils::head(body, 1000L), value = TRUE)
  if (length(head) == 0) {
    return(body)
  }
  body[-seq(grepRaw(" xmlns=\"", head, fixed = TRUE), length(head))]
}

page_objects <- function(page) {
  nodes <- xml2::xml_find_all(page, "./Contents")
  list(
    key = decode_keys(child_text(page, nodes, "Contents", "Key"), page),
    size = as.numeric(child_text(page, nodes, "Contents", "Size")),
    modified = parse_iso_time(child_text(
      page,
      nodes,
      "Contents",
      "LastModified"
    )),
    etag = clean_etag(child_text(page, nodes, "Contents", "ETag")),
    storage_class = storage_classes(page, nodes)
  )
}

page_prefixes <- function(page) {
  decode_keys(
    xml2::xml_text(xml2::xml_find_all(page, "./CommonPrefixes/Prefix")),
    page
  )
}

# Why asked for another first: mostly there is none, and then no row's text need be taken.
storage_classes <- function(page, nodes) {
  other <- "./Contents/StorageClass[. != 'STANDARD']"
  if (inherits(xml2::xml_find_first(page, other), "xml_missing")) {
    return(rep("STANDARD", length(nodes)))
  }
  or_standard(child_text(page, nodes, "Contents", "StorageClass"))
}

# Answers leave the ordinary class out.
or_standard <- function(storage_class) {
  storage_class[is.na(storage_class) | storage_class == ""] <- "STANDARD"
  unname(storage_class)
}

# A child's text for each node, NA where it has none.
# Why two ways: one query for the page is many times faster, and servers leave optional children out.
child_text <- function(page, nodes, parent, child) {
  found <- xml2::xml_find_all(page, paste0("./", parent, "/", child))
  if (length(found) == length(nodes)) {
    return(xml2::xml_text(found))
  }
  xml2::xml_text(xml2::xml_find_first(nodes, paste0("./", child)))
}

one_text <- function(page, child) {
  xml2::xml_text(xml2::xml_find_first(page, paste0("./", child)))
}

# Keys come URL-encoded, "+" for a space, where the server says that it did so.
decode_keys <- function(keys, page) {
  known <- !is.na(keys)
  if (any(known) && identical(one_text(page, "EncodingType"), "url")) {
    keys[known] <- curl::curl_unescape(gsub(
      "+",
      " ",
      keys[known],
      fixed = TRUE
    ))
  }
  enc2utf8(keys)
}

# ISO 8601 in UTC, with or without a fraction, to seconds.
parse_iso_time <- function(text) {
  as.numeric(as.POSIXct(text, format = "%Y-%m-%dT%H:%M:%OS", tz = "UTC"))
}

# Buckets as a data frame: name, created.
s3_list_buckets <- function(session) {
  names <- character()
  created <- numeric()
  token <- NULL
  repeat {
    request <- list(method = "GET", query = c("continuation-token" = token))
    page <- s3_page(session, request, "ListAllMyBucketsResult")
    nodes <- xml2::xml_find_all(page, "./Buckets/Bucket")
    names <- c(names, xml2::xml_text(xml2::xml_find_first(nodes, "./Name")))
    created <- c(
      created,
      parse_iso_time(xml2::xml_text(xml2::xml_find_first(
        nodes,
        "./CreationDate"
      )))
    )
    token <- one_text(page, "ContinuationToken")
    if (is.na(token) || !nzchar(token)) {
      break
    }
  }
  sorted <- byte_order(names)
  data.frame(
    name = names[sorted],
    created = utc(created[sorted]),
    stringsAsFactors = FALSE
  )
}
