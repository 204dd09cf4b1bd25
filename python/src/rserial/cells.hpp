// List columns: cells of one atomic type as one flat vector, any others as their serializations.
#pragma once

#include <optional>
#include <utility>

#include "decode.hpp"
#include "node.hpp"

namespace rserial {

struct Flat {
  Node* values;   // all cells one after the other
  Node* lengths;  // integers: the length of each cell, missing for NULL
};

// The cells of a list as one vector. Nothing where a cell is neither NULL nor a logical, integer, double or
// character vector without attributes, where two cells differ in type, or where there is no vector at all.
std::optional<Flat> flatten(Tree& tree, const Node& list);

// The inverse: a list of vectors that share the memory of `values`.
// Throws std::invalid_argument where the lengths do not add up to the values.
Node* split(Tree& tree, const Node& values, const Node& lengths);

// Each cell's XDR serialization, version 3, as binary with 64-bit offsets.
Node* serialize_cells(Tree& tree, const Node& list);

// The inverse. Throws DecodeFailure or UnsafeFailure, naming the cell.
Node* unserialize_cells(Tree& tree, const Node& cells);

// A complex vector as its parts: doubles, two a value; a part that is NA is missing.
Node* parts(Tree& tree, const Node& complex);

// Of which complex numbers both parts are missing, as logicals.
Node* wholly_missing(Tree& tree, const Node& parts);

// The inverse of parts(); `missing` says as logicals which numbers are missing whole.
Node* from_parts(Tree& tree, const Node& values, const Node& missing);

}  // namespace rserial
