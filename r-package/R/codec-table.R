# One row a format: how its bytes become R values and back. A new format is a row and a file.
#
#   encode   (values, target) -> list(data = raw vector, sidecar = function(stored) text, or NULL)
#   decode   (source) -> named list of values: one, by the key's name, or those of an RData
#   several  whether it holds several named objects
#   frame    whether it holds data frames only
#   sidecar  whether a text lies beside it
#
# values is a named list; target is list(schema): whether to write a sidecar. source is
# list(name, data, stored, sidecar, columns, object, trust): name is the key's, data the bytes within the
# compression, which decode releases unless what it makes of them goes on using them, stored the bytes as
# they lie in the store, sidecar the text beside them, object the one to take out of several.

sidecar_suffix <- ".schema.json"

codec_for <- function(format) {
  table <- format_table()
  decodes_to <- table$decodes_to[match(format, table$name)]
  c(
    codecs[[format]],
    several = decodes_to == "objects",
    frame = decodes_to == "frame"
  )
}

delimited <- function(separator) {
  list(
    encode = function(values, target) {
      encoded <- csv_encode(values[[1L]], target$schema, separator)
      sidecar <- function(stored) csv_schema_for(encoded$schema, stored)
      list(data = encoded$data, sidecar = if (target$schema) sidecar)
    },
    decode = function(source) {
      on.exit(release(source$data))
      value <- csv_decode(
        source$data,
        source$sidecar,
        source$stored,
        source$columns,
        separator
      )
      named_value(source$name, value)
    },
    sidecar = TRUE
  )
}

codecs <- list(
  csv = delimited(","),
  tsv = delimited("\t"),
  parquet = list(
    encode = function(values, target) list(data = parquet_encode(values[[1L]])),
    decode = function(source) {
      named_value(source$name, parquet_decode(source$data, source$columns))
    },
    sidecar = FALSE
  ),
  rds = list(
    encode = function(values, target) {
      list(data = rds_encode(values[[1L]], compression = NULL))
    },
    decode = function(source) {
      on.exit(release(source$data))
      value <- rds_decode(source$data, source$trust)
      named_value(source$name, pick_columns(value, source$columns))
    },
    sidecar = FALSE
  ),
  rdata = list(
    encode = function(values, target) {
      list(data = rdata_encode(values, compression = NULL))
    },
    decode = function(source) {
      on.exit(release(source$data))
      objects <- pick_object(
        rdata_decode(source$data, source$trust),
        source$object
      )
      lapply(objects, pick_columns, columns = source$columns)
    },
    sidecar = FALSE
  )
)

# Why not list(): a value of NULL stays in.
named_value <- function(name, value) {
  stats::setNames(list(value), name)
}

pick_object <- function(objects, name) {
  if (is.null(name)) {
    return(objects)
  }
  if (!name %in% names(objects)) {
    cf_abort(
      "usage",
      sprintf("Can't find object '%s'.", name),
      sprintf("the RData holds %s", shown_names(names(objects)))
    )
  }
  objects[name]
}

pick_columns <- function(value, columns) {
  if (is.null(columns)) {
    return(value)
  }
  check_column_names(columns)
  if (!is.data.frame(value)) {
    cf_abort(
      "usage",
      sprintf("Can't take columns of a value of class '%s'.", class(value)[1L])
    )
  }
  unknown <- setdiff(columns, names(value))
  if (length(unknown)) {
    cf_abort(
      "usage",
      sprintf("Can't find column '%s'.", unknown[1L]),
      sprintf("the columns are %s", shown_names(names(value)))
    )
  }
  # Why as a list: a class's own `[`, such as data.table's, may mean something else.
  kept <- attributes(value)
  value <- unclass(value)[columns]
  kept$names <- columns
  attributes(value) <- kept
  value
}

# At most five names, quoted.
shown_names <- function(names) {
  if (!length(names)) {
    return("none")
  }
  shown <- paste0("'", utils::head(names, 5L), "'", collapse = ", ")
  if (length(names) > 5L) {
    paste0(shown, " and ", length(names) - 5L, " more")
  } else {
    shown
  }
}
