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
  column <- function(name, empty) c(empty, unlist(lapply(pages, `[[`, name)))
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
    asked <- c(query, "continuation-token" = token)
    page <- s3_page(
      session,
      list(method = "GET", bucket = bucket, query = asked),
      "ListBucketResult"
    )
    pages[[length(pages) + 1]] <- c(
      page_objects(page),
      list(prefixes = page_prefixes(page))
    )
    token <- next_token(page, token)
    if (is.null(token)) {
      return(pages)
    }
  }
}

# The token of the page to come, NULL after the last. A listing is never cut short in silence.
next_token <- function(page, token) {
  if (!identical(one_text(page, "IsTruncated"), "true")) {
    return(NULL)
  }
  following <- one_text(page, "NextContinuationToken")
  if (is.na(following) || identical(following, token)) {
    cf_abort(
      "unavailable",
      "Can't list to the end: the store says there is more, but not where to go on."
    )
  }
  following
}

# The root of an answer that must be complete XML of that name.
s3_page <- function(session, request, root) {
  document <- NULL
  request$check <- function(response) {
    document <<- tryCatch(
      xml2::xml_ns_strip(xml2::read_xml(response$body)),
      error = function(error) NULL
    )
    if (is.null(document)) {
      "the answer is not complete XML"
    } else if (xml2::xml_name(document) != root) {
      sprintf("the answer is <%s>, not <%s>", xml2::xml_name(document), root)
    }
  }
  s3_send(session, request)
  document
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
    storage_class = or_standard(child_text(
      page,
      nodes,
      "Contents",
      "StorageClass"
    ))
  )
}

page_prefixes <- function(page) {
  decode_keys(
    xml2::xml_text(xml2::xml_find_all(page, "./CommonPrefixes/Prefix")),
    page
  )
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
  if (length(keys) && identical(one_text(page, "EncodingType"), "url")) {
    keys <- curl::curl_unescape(gsub("+", " ", keys, fixed = TRUE))
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
