# The cells of lists, matrices and data frames as R values.

# Lists, matrices and data frames. Arrays of numbers are taken apart as text, all else by JSON's rules.
csv_nested_read <- function(csv, i, field) {
  texts <- csv_strings(csv, i)
  name <- csv$index$names[i]
  item <- arrow_item(field$arrow)
  kinds <- c("logical", "integer", "double")
  if (!is.null(item) && csv_field_kind(item) %in% kinds) {
    split <- split_arrays(texts)
    if (!is.null(split)) {
      source <- csv_of_texts(split$items, name)
      values <- csv_field_read(source, 1L, csv_item_field(field, item))
      return(nest_values(values, split$lengths, field))
    }
  }
  json_field_read(json_cells(texts, sprintf("column '%s'", name)), field)
}

# The column that parsed JSON values, one a row, make by a field.
json_field_read <- function(items, field) {
  whose <- sprintf("column '%s'", field$name)
  item <- arrow_item(field$arrow)
  kind <- csv_field_kind(field$arrow)
  if (kind == "struct") {
    return(json_struct_read(items, field))
  }
  if (kind %in% c("list", "matrix")) {
    if (is.null(item)) {
      abort_schema(sprintf(
        "'%s' is no Arrow type that CSV keeps",
        substr(field$arrow, 1L, 80L)
      ))
    }
    missing <- vapply(items, is.null, TRUE)
    if (!all(missing | vapply(items, is_array, TRUE))) {
      abort_json(whose, "a cell is no array")
    }
    flat <- as.list(unlist(items, recursive = FALSE))
    values <- json_field_read(flat, csv_item_field(field, item))
    return(nest_values(values, ifelse(missing, NA, lengths(items)), field))
  }
  csv_field_read(csv_of_texts(json_texts(items, whose), field$name), 1L, field)
}

csv_item_field <- function(field, item) {
  list(name = field$name, arrow = item, crossframe = field$crossframe)
}

is_array <- function(item) {
  is.list(item) && is.null(names(item))
}

json_struct_read <- function(items, field) {
  if (!is.list(field$fields)) {
    abort_schema(sprintf("struct '%s' has no list of fields", field$name))
  }
  fits <- vapply(items, FUN.VALUE = TRUE, function(item) {
    is.list(item) && (length(item) == 0L || !is.null(names(item)))
  })
  if (!all(fits | vapply(items, is.null, TRUE))) {
    abort_json(sprintf("column '%s'", field$name), "a cell is no object")
  }
  names <- vapply(field$fields, function(inner) inner$name, "")
  check_column_names(names)
  columns <- Map(
    function(name, inner) {
      values <- lapply(items, function(item) {
        at <- match(name, names(item))
        if (!is.na(at)) item[[at]]
      })
      json_field_read(values, inner)
    },
    names,
    field$fields
  )
  new_frame(stats::setNames(columns, names), length(items))
}

# Values of all cells, one after the other, as the list or matrix that they are items of.
nest_values <- function(values, lengths, field) {
  if (csv_field_kind(field$arrow) == "list") {
    return(cut_values(values, lengths))
  }
  size <- arrow_size(field$arrow)
  missing <- is.na(lengths)
  if (is.na(size) || any(lengths != size, na.rm = TRUE)) {
    abort_json(
      sprintf("column '%s'", field$name),
      sprintf("a cell does not have %s items", size)
    )
  }
  kept <- attributes(values)["class"]
  blank <- if (is.raw(values)) as.raw(0L) else as.vector(NA, typeof(values))
  rows <- matrix(
    rep(blank, length(lengths) * size),
    nrow = length(lengths),
    ncol = size
  )
  if (is.list(values)) {
    return(cut_values(values, lengths))
  }
  rows[!missing, ] <- matrix(
    as.vector(unclass(values)),
    ncol = size,
    nrow = sum(!missing),
    byrow = TRUE
  )
  class <- kept[["class"]]
  if (!is.null(class)) {
    attr(rows, "class") <- class
  }
  rows
}
