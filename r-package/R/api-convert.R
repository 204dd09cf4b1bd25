#' Convert an object from one format to another
#'
#' What is loaded is saved again: types, attributes and row names stay, as the formats allow.
#'
#' @inheritParams cf_save
#' @param source,target Strings; keys. A path that begins with `./` or `../` is a file of this machine, whatever the root is.
#' @param name String; the object of an RData to convert; by default all, where `target` can hold them.
#' @param from,to Strings; names of the formats of `source` and `target`, by default chosen as [cf_load()] and
#'   [cf_save()] do.
#' @param compression String; that of `target`, as for [cf_save()].
#' @returns Invisibly what [cf_save()] returns.
#' @section Errors:
#' As [cf_load()] and [cf_save()].
#' @section Source:
#' As of [cf_load()].
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(CO2, "co2.rds")
#' cf_convert("co2.rds", "co2.csv.gz")$format
#' cf_set_root(old)
#' @export
cf_convert <- function(
  source,
  target,
  ...,
  name = NULL,
  from = NULL,
  to = NULL,
  compression = NULL,
  overwrite = TRUE,
  options = list()
) {
  check_empty(...)
  value <- cf_load(
    local_place(source),
    format = from,
    name = name,
    options = options
  )
  invisible(cf_save(
    value,
    local_place(target),
    format = to,
    compression = compression,
    overwrite = overwrite,
    options = options
  ))
}
