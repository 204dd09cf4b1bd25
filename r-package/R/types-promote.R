# The one type that columns of one name take when frames are put below each other: what
# python/crossframe/promotion.py says, in R's types. The rules are the vectors of tests/conformance/combine.

# Whole numbers become wider numbers.
number_types <- c("raw", "integer", "integer64", "double")
text_types <- c("factor", "ordered", "character")
time_types <- c("posixlt", "posixct")

# The type of a column as a list of its row of types.csv, and of what else must be the same in another for
# both to be one column.
column_kind <- function(x, name) {
  type <- column_type(x, name)
  list(type = type, detail = kind_detail(x, type))
}

kind_detail <- function(x, type) {
  switch(
    type,
    ordered = levels(x),
    posixct = arrow_zone(x),
    posixlt = arrow_zone(as.POSIXct(x)),
    list = ,
    matrix = arrow_type(x, type),
    struct = lapply(as.list(unclass(x)), column_kind, name = ""),
    NULL
  )
}

# What a column without any value is, where nothing tells its type.
no_kind <- list(type = "null", detail = NULL)

# The kind that holds the values of both, NULL where there is none.
promote_kinds <- function(one, other) {
  if (identical(one, other) || other$type == "null") {
    return(one)
  }
  if (one$type == "null") {
    return(other)
  }
  types <- c(one$type, other$type)
  same_detail <- identical(one$detail, other$detail)
  if (all(types %in% number_types)) {
    return(list(one, other)[[which.max(match(types, number_types))]])
  }
  if (all(types %in% time_types) && same_detail) {
    return(list(one, other)[[which.max(match(types, time_types))]])
  }
  # A factor, whatever its order, that meets text is text.
  if (all(types %in% text_types) && "character" %in% types) {
    return(list(one, other)[[match("character", types)]])
  }
  NULL
}

# ---- Values of one type as another, without attributes ----

# units: of the united column, where it is one of durations.
values_as <- function(x, from, to, units = NULL) {
  if (to == "character" && from %in% text_types[1:2]) {
    return(levels(x)[unclass(x)])
  }
  if (from == "posixlt") {
    x <- as.POSIXct(x)
  }
  if (to == "difftime" && !identical(attr(x, "units"), units)) {
    ratio <- difftime_units[[attr(x, "units")]] / difftime_units[[units]]
    return(as.double(unclass(x)) * ratio)
  }
  values <- if (isS4(x)) asS4(x, FALSE) else x
  attributes(values) <- NULL
  if (from == to || !to %in% number_types) {
    return(values)
  }
  switch(
    to,
    integer = as.integer(values),
    integer64 = int64_bits(as.integer(values)),
    double = if (from == "integer64") {
      int64_numbers(values)
    } else {
      as.double(values)
    }
  )
}

# n missing values of a type.
missing_values <- function(type, n) {
  switch(
    type,
    null = ,
    logical = rep(NA, n),
    # Why a type of its own where there is none: next to others it decides on theirs.
    raw = if (n > 0L) rep(NA_integer_, n) else raw(),
    integer = ,
    factor = ,
    ordered = rep(NA_integer_, n),
    character = ,
    bytes = rep(NA_character_, n),
    complex = rep(NA_complex_, n),
    integer64 = int64_bits(rep(NA_integer_, n)),
    list = ,
    robject = vector("list", n),
    rep(NA_real_, n)
  )
}

# bit64's numbers are 64-bit integers in the place of doubles; the smallest is NA.
int64_bits <- function(x) {
  missing <- is.na(x)
  low <- ifelse(missing, 0L, x)
  high <- ifelse(missing, NA_integer_, ifelse(x < 0L, -1L, 0L))
  words <- as.integer(rbind(low, high, deparse.level = 0L))
  readBin(
    writeBin(words, raw(), endian = "little"),
    "double",
    length(x),
    endian = "little"
  )
}

int64_numbers <- function(bits) {
  bytes <- writeBin(as.double(bits), raw(), endian = "little")
  words <- readBin(bytes, "integer", 2L * length(bits), endian = "little")
  words <- matrix(as.double(words), nrow = 2L)
  # R reads the bits of -2^31 as NA.
  words[is.na(words)] <- -2^31
  low <- words[1L, ] + ifelse(words[1L, ] < 0, 2^32, 0)
  numbers <- words[2L, ] * 2^32 + low
  numbers[words[2L, ] == -2^31 & low == 0] <- NA_real_
  numbers
}

# Whether 64-bit integers beyond 2^53 are exact as doubles: the bits that a double drops are zero.
is_exact_int64 <- function(bits) {
  bytes <- writeBin(as.double(bits), raw(), endian = "little")
  words <- matrix(
    readBin(bytes, "integer", 2L * length(bits), endian = "little"),
    nrow = 2L
  )
  numbers <- abs(int64_numbers(bits))
  spare <- floor(log2(numbers)) - 52
  low <- as.double(words[1L, ])
  low[is.na(low)] <- -2^31
  (low + ifelse(low < 0, 2^32, 0)) %% 2^spare == 0
}
