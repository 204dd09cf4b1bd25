# Many data frames to one: rows below each other, columns by name. R's attributes are kept where the
# frames agree.

# What rows below each other make untrue: attributes of a "frame" or a "column", and classes (of is "class").
row_bound <- function(of) {
  table <- shared_table("row_bound")
  table$name[table$of == of]
}

# Attributes without the classes that are nothing any more.
without_bound_classes <- function(attributes) {
  classes <- attributes[["class"]]
  if (!is.null(classes) && any(classes %in% row_bound("class"))) {
    left <- setdiff(classes, row_bound("class"))
    is_plain <- !length(left) || identical(left, "data.frame")
    attributes[["class"]] <- if (!is_plain) left
  }
  attributes
}

# All rows in the order of the parts.
#
# parts: a list, one or more, of list(key, frame, untyped): key as shown; untyped: names of columns without
#   any value, of which nothing tells a type.
# fields: a named list of vectors, a value for each part, or NULL for parts of one data set, whose keys say
#   nothing: there is no column `key` then either.
# A part without a column has missing values there; a column of the parts wins over a field of its name,
# and over `key`.
combine_frames <- function(parts, fields = NULL) {
  combined <- stack_frames(parts)
  if (is.null(fields)) {
    return(combined)
  }
  keys <- vapply(parts, `[[`, "", "key")
  rows <- vapply(parts, function(part) frame_rows(part$frame), 0L)
  told <- lapply(c(list(key = keys), fields), function(values) {
    # Why text only: R has factors of nothing else.
    values <- if (is.character(values)) {
      factor(values, unique(values))
    } else {
      values
    }
    values[rep(seq_along(rows), rows)]
  })
  told <- told[setdiff(names(told), names(combined))]
  kept <- attributes(combined)
  columns <- c(told, as.list(unclass(combined)))
  combined <- new_frame(columns, sum(rows))
  kept$names <- names(columns)
  attributes(combined) <- kept
  combined
}

# A column that no part has; of the parts only these were read.
check_part_columns <- function(columns, parts, whole) {
  known <- lapply(parts, function(part) names(part$frame))
  unknown <- setdiff(columns, unlist(known, use.names = FALSE))
  if (length(unknown)) {
    cf_abort(
      "usage",
      sprintf("Can't find column '%s' of %s.", unknown[1L], whole),
      "no part has it"
    )
  }
}

stack_frames <- function(parts) {
  rows <- vapply(parts, function(part) frame_rows(part$frame), 0L)
  columns <- lapply(parts, function(part) as.list(unclass(part$frame)))
  for (part in parts) {
    check_column_names(names(part$frame), length(part$frame))
  }
  names <- unique(unlist(lapply(columns, names), use.names = FALSE))
  stacked <- lapply(stats::setNames(nm = names), function(name) {
    pieces <- lapply(columns, `[[`, name)
    stack_column(name, pieces, rows, parts)
  })
  frame <- new_frame(stacked, sum(rows))
  with_frame_attributes(frame, lapply(parts, `[[`, "frame"))
}

# One column of all parts; pieces: the part's columns, NULL where it has none.
stack_column <- function(name, pieces, rows, parts) {
  has <- which(!vapply(pieces, is.null, NA))
  kinds <- vector("list", length(pieces))
  for (at in has) {
    untyped <- name %in% parts[[at]]$untyped
    kinds[[at]] <- if (untyped) no_kind else column_kind(pieces[[at]], name)
  }
  united <- unite_kinds(name, pieces, kinds, has, parts)
  typed <- has[vapply(kinds[has], function(kind) kind$type != "null", NA)]
  type <- united$type
  if (type == "raw" && any(rows[-typed] > 0L)) {
    # Why: R's raw has no missing value.
    type <- "integer"
  }
  first <- if (length(typed)) pieces[[typed[1L]]]
  values <- if (type == "struct") {
    stack_structs(pieces, rows, parts)
  } else if (type == "matrix") {
    stack_matrices(pieces[typed], typed, rows, first)
  } else {
    stack_values(name, type, pieces, kinds, rows, attr(first, "units"))
  }
  if (!length(typed) || type == "struct") {
    return(values)
  }
  alone <- length(parts) == 1L
  dress_column(name, values, pieces[typed], kinds[typed], type, united, alone)
}

# The kind that holds all; an error names the part that brought the kind it does not fit.
unite_kinds <- function(name, pieces, kinds, has, parts) {
  united <- kinds[[has[1L]]]
  brought <- has[1L]
  for (at in has[-1L]) {
    wider <- promote_kinds(united, kinds[[at]])
    if (is.null(wider)) {
      abort_mismatch(name, pieces, kinds, parts, brought, at)
    }
    if (!identical(wider, united)) {
      united <- wider
      brought <- at
    }
  }
  united
}

abort_mismatch <- function(name, pieces, kinds, parts, one, other) {
  told <- vapply(c(one, other), FUN.VALUE = "", function(at) {
    type <- kinds[[at]]$type
    words <- if (all(c(kinds[[one]]$type, kinds[[other]]$type) == "ordered")) {
      paste("ordered", paste(kinds[[at]]$detail, collapse = " < "))
    } else {
      arrow <- arrow_type(pieces[[at]], type)
      sprintf("%s (%s)", r_types()[type, "r_class"], arrow)
    }
    sprintf("%s in '%s'", words, parts[[at]]$key)
  })
  cf_abort(
    "schema_mismatch",
    sprintf("Can't combine column '%s': its types differ.", name),
    paste(told, collapse = ", "),
    "Leave it out (columns =), or load the frames one by one and convert it."
  )
}

# ---- Values ----

# Values of one type without attributes, but for a factor's levels.
stack_values <- function(name, type, pieces, kinds, rows, units) {
  if (type %in% c("factor", "ordered")) {
    return(stack_factors(type, pieces, kinds, rows))
  }
  values <- lapply(seq_along(pieces), function(at) {
    if (is.null(kinds[[at]]) || kinds[[at]]$type == "null") {
      return(missing_values(type, rows[at]))
    }
    from <- kinds[[at]]$type
    values <- values_as(pieces[[at]], from, type, units)
    if (from == "integer64" && type == "double") {
      warn_inexact(name, pieces[[at]], values)
    }
    values
  })
  if (type %in% c("list", "robject")) {
    return(unlist(values, recursive = FALSE, use.names = FALSE))
  }
  unlist(values, use.names = FALSE)
}

# Whole numbers that a double can't hold.
warn_inexact <- function(name, x, numbers) {
  lost <- which(abs(numbers) >= 2^53)
  bits <- unclass(x)[lost]
  lost <- lost[!is_exact_int64(bits)]
  if (length(lost)) {
    cf_warn(
      "lossy_conversion",
      sprintf(
        "Column '%s': %d whole numbers do not fit into double.",
        name,
        length(lost)
      ),
      sprintf("the first is near %.0f", numbers[lost[1L]])
    )
  }
}

stack_factors <- function(type, pieces, kinds, rows) {
  known <- !vapply(
    kinds,
    function(kind) {
      is.null(kind) || kind$type == "null"
    },
    NA
  )
  levels <- unique(unlist(lapply(pieces[known], levels), use.names = FALSE))
  codes <- lapply(seq_along(pieces), function(at) {
    if (!known[at]) {
      return(missing_values(type, rows[at]))
    }
    own <- pieces[[at]]
    match(levels(own), levels)[as.integer(unclass(own))]
  })
  structure(unlist(codes, use.names = FALSE), levels = levels)
}

stack_structs <- function(pieces, rows, parts) {
  inner <- lapply(seq_along(pieces), function(at) {
    frame <- pieces[[at]]
    empty <- is.null(frame) || !is.data.frame(frame)
    list(
      key = parts[[at]]$key,
      frame = if (empty) new_frame(list(), rows[at]) else frame
    )
  })
  stack_frames(inner)
}

# Rows of all matrices, or arrays, below each other; missing where a part has none.
stack_matrices <- function(pieces, at, rows, first) {
  rest <- dim(first)[-1L]
  # Why: R's raw has no missing value, and rbind() of raw and integer holds whatever lay in memory.
  widen <- matrix_item_type(first) == "raw" && any(rows[-at] > 0L)
  filled <- lapply(rows, function(n) {
    array(
      missing_values(matrix_item_type(first), n * prod(rest)),
      c(n, prod(rest))
    )
  })
  filled[at] <- lapply(pieces, function(piece) {
    values <- unclass(piece)
    attributes(values) <- NULL
    array(
      if (widen) as.integer(values) else values,
      c(dim(piece)[1L], prod(rest))
    )
  })
  array(do.call(rbind, filled), c(sum(rows), rest))
}

# ---- Attributes ----

# Values with the class of their type, and with the attributes in which the pieces agree. alone: there is one
# part only.
dress_column <- function(name, values, pieces, kinds, type, united, alone) {
  whose <- sprintf("column '%s'", name)
  first <- pieces[[1L]]
  if (type == "posixlt") {
    zone <- united$detail
    return(posixlt_of(.POSIXct(values, zone)))
  }
  attr(values, "class") <- implied_class(type)
  if (type == "posixct") {
    attr(values, "tzone") <- united$detail
  } else if (type %in% c("difftime", "hms")) {
    attr(values, "units") <- attr(first, "units")
  }
  own <- Map(pieces, kinds, f = function(piece, kind) {
    attributes <- column_attributes(piece, kind$type)
    if (alone) attributes else without_bound_classes(attributes)
  })
  kept <- agreed_attributes(own, whose, if (!alone) row_bound("column"))
  if (any(vapply(kinds, function(kind) kind$type != type, NA))) {
    # Why: a class is one of values of its own type.
    kept[["class"]] <- NULL
  }
  if (type == "matrix" && !alone) {
    kept$dimnames <- agreed_dimnames(pieces)
  }
  apply_attributes(values, kept, whose)
}

# Names of a matrix's columns where they are the same; rows have none.
agreed_dimnames <- function(pieces) {
  names <- lapply(pieces, function(piece) dimnames(piece)[-1L])
  same <- all(vapply(names, identical, NA, names[[1L]]))
  if (same && length(names[[1L]])) c(list(NULL), names[[1L]])
}

# Of the first's attributes those that all others have alike; each that is not is told.
#
# bound: names of those that belong to the rows of one part, and go without a word.
agreed_attributes <- function(all, whose, bound) {
  kept <- all[[1L]]
  kept <- kept[setdiff(names(kept), bound)]
  same <- vapply(names(kept), FUN.VALUE = NA, function(name) {
    its <- kept[name]
    all(vapply(all[-1L], function(other) identical(other[name], its), NA))
  })
  for (name in names(kept)[!same]) {
    cf_warn(
      "lossy_conversion",
      sprintf(
        "Attribute '%s' of %s differs between the keys and is not kept.",
        name,
        whose
      )
    )
  }
  kept[same]
}

with_frame_attributes <- function(frame, parts) {
  if (length(parts) == 1L) {
    whole <- parts[[1L]]
    attributes(frame) <- attributes(whole)
    return(frame)
  }
  own <- lapply(parts, function(part) {
    without_bound_classes(frame_attributes(part, rows_told = TRUE))
  })
  kept <- agreed_attributes(own, "the frame", row_bound("frame"))
  origins <- lapply(parts, attr, origin_attribute, exact = TRUE)
  if (all(vapply(origins, identical, NA, origins[[1L]]))) {
    kept[[origin_attribute]] <- origins[[1L]]
  }
  frame <- apply_attributes(frame, kept, "the frame")
  with_row_names(frame, parts)
}

# Row names are kept where every part has texts, no two of them the same.
with_row_names <- function(frame, parts) {
  names <- lapply(parts, function(part) {
    frame_attributes(part, rows_told = TRUE)[["row.names"]]
  })
  given <- !vapply(names, is.null, NA)
  if (!any(given)) {
    return(frame)
  }
  texts <- vapply(names, is.character, NA)
  all_names <- unlist(names, use.names = FALSE)
  if (all(texts) && !anyDuplicated(all_names)) {
    attr(frame, "row.names") <- all_names
    return(frame)
  }
  # Numbers, such as a subset has, name nothing among the rows of others.
  if (!any(texts)) {
    return(frame)
  }
  cf_warn(
    "lossy_conversion",
    "Row names are not one for each row and are not kept.",
    sprintf("%d rows have one", length(all_names))
  )
  frame
}
