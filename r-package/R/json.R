# JSON as all rooms read and write it: lists and text, no guesses at vectors.

parse_json <- function(text) {
  jsonlite::fromJSON(text, simplifyVector = FALSE)
}

write_json <- function(value, pretty = FALSE) {
  enc2utf8(as.character(jsonlite::toJSON(
    value,
    auto_unbox = TRUE,
    null = "null",
    digits = NA,
    pretty = pretty
  )))
}
