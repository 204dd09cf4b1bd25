# Listings in the words of aws.s3: buckets, and objects as a list or a data frame.

#' @rdname aws.s3
#' @export
bucketlist <- function(add_region = FALSE, ...) {
  options <- aws_options(list(...))
  found <- cf_buckets(options = options)
  buckets <- data.frame(
    Bucket = found$bucket,
    CreationDate = listing_time(found$created),
    stringsAsFactors = FALSE
  )
  if (isTRUE(add_region)) {
    session <- do.call(s3_session, options)
    buckets$Region <- vapply(buckets$Bucket, bucket_region, "", session)
    buckets$Region <- unname(buckets$Region)
  }
  buckets
}

# NA where the server does not tell, as in aws.s3.
bucket_region <- function(bucket, session) {
  tryCatch(
    {
      answer <- s3_send(session, list(method = "HEAD", bucket = bucket))
      unname(answer$headers["x-amz-bucket-region"])
    },
    crossframe_error_store = function(error) NA_character_
  )
}

listing_time <- function(time) {
  format(time, "%Y-%m-%dT%H:%M:%S.000Z", tz = "UTC")
}

#' @rdname aws.s3
#' @export
get_bucket <- function(
  bucket,
  prefix = NULL,
  delimiter = NULL,
  max = NULL,
  marker = NULL,
  parse_response = TRUE,
  ...
) {
  found <- aws_list(bucket, prefix, delimiter, max, marker, list(...))
  columns <- as.list(found$objects)
  columns$Size <- as.numeric(columns$Size)
  objects <- lapply(seq_len(nrow(found$objects)), function(at) {
    one <- lapply(columns, `[[`, at)
    owner <- list(ID = one$Owner_ID, DisplayName = one$Owner_DisplayName)
    structure(
      c(
        one[c("Key", "LastModified", "ETag", "Size")],
        list(Owner = owner),
        one[c("StorageClass", "Bucket")]
      ),
      class = "s3_object"
    )
  })
  structure(
    stats::setNames(objects, rep("Contents", length(objects))),
    class = "s3_bucket",
    Name = aws_bucket_name(bucket),
    Prefix = prefix,
    Marker = marker,
    MaxKeys = format_count(if (is.null(max)) length(objects) else max),
    IsTruncated = if (found$truncated) "true" else "false",
    CommonPrefixes = found$prefixes
  )
}

#' @rdname aws.s3
#' @export
get_bucket_df <- function(
  bucket,
  prefix = NULL,
  delimiter = NULL,
  max = NULL,
  marker = NULL,
  ...
) {
  aws_list(bucket, prefix, delimiter, max, marker, list(...))$objects
}

# list(objects =, prefixes =, truncated =): a data frame of text, what lies below the next delimiter, and whether
# `max` left something out.
aws_list <- function(bucket, prefix, delimiter, max, marker, options) {
  place <- aws_location("", bucket, options)
  start <- paste0(place$key, prefix)
  level <- aws_level(place$store, start, delimiter)
  rows <- after_marker(level$objects, marker)
  kept <- if (is.null(max)) rows else utils::head(rows, max)
  list(
    objects = data.frame(
      Key = kept$key,
      LastModified = listing_time(kept$modified),
      ETag = sprintf('"%s"', kept$etag),
      Size = format_count(kept$size),
      Owner_ID = rep(NA_character_, nrow(kept)),
      Owner_DisplayName = rep(NA_character_, nrow(kept)),
      StorageClass = or_standard(kept$storage_class),
      Bucket = rep(aws_bucket_name(bucket), nrow(kept)),
      stringsAsFactors = FALSE
    ),
    prefixes = level$prefixes,
    truncated = nrow(kept) < nrow(rows)
  )
}

# Objects, and prefixes up to the next delimiter. Only the slash is known to every store.
aws_level <- function(store, start, delimiter) {
  if (identical(delimiter, "/")) {
    return(store$children(start))
  }
  rows <- store$list(start)
  if (is.null(delimiter) || !nzchar(delimiter)) {
    return(list(objects = rows, prefixes = character()))
  }
  rest <- substring(rows$key, nchar(start) + 1L)
  at <- regexpr(delimiter, rest, fixed = TRUE)
  end <- nchar(start) + at + nchar(delimiter) - 1L
  list(
    objects = rows[at < 0L, ],
    prefixes = unique(substring(rows$key, 1L, end)[at > 0L])
  )
}

after_marker <- function(rows, marker) {
  if (is.null(marker)) {
    return(rows)
  }
  # Why not >: it compares by the locale, where listings go by bytes.
  place_of <- order(byte_order(c(marker, rows$key)))
  rows[place_of[-1L] > place_of[1L] & rows$key != marker, ]
}

#' @export
as.data.frame.s3_bucket <- function(x, ...) {
  text <- function(field) {
    vapply(unclass(x), function(one) as.character(one[[field]]), "")
  }
  owner <- function(field) {
    vapply(unclass(x), function(one) one$Owner[[field]], "")
  }
  columns <- list(
    Key = text("Key"),
    LastModified = text("LastModified"),
    ETag = text("ETag"),
    Size = format_count(vapply(unclass(x), function(one) one$Size, 0)),
    Owner_ID = owner("ID"),
    Owner_DisplayName = owner("DisplayName"),
    StorageClass = text("StorageClass"),
    Bucket = text("Bucket")
  )
  data.frame(lapply(columns, unname), stringsAsFactors = FALSE)
}

#' @export
print.s3_bucket <- function(x, ...) {
  cat(sprintf("Bucket: %s\n\n", attr(x, "Name")))
  for (one in unclass(x)) {
    print(one)
    cat("\n")
  }
  invisible(x)
}

#' @export
print.s3_object <- function(x, ...) {
  told <- c(
    Key = x$Key,
    LastModified = x$LastModified,
    ETag = x$ETag,
    "Size (B)" = format_count(x$Size),
    "Storage class" = x$StorageClass
  )
  cat(sprintf("%-15s%s\n", paste0(names(told), ":"), told), sep = "")
  invisible(x)
}
