// Column arithmetic that neither Arrow nor numpy has in one exact pass.
#pragma once

#include <cstdint>

#include "node.hpp"

namespace rserial {

// What a conversion could not keep: the inverse would not give these values back.
struct Loss {
  std::int64_t count = 0;
  std::int64_t first = -1;  // index of the first such value, counted from 0
};

// Doubles in some unit -> int64 ticks, `ticks` of them a unit. Whole units and fraction are scaled apart,
// so that a time of today in seconds keeps every bit in nanoseconds. A value that is infinite, NaN or beyond
// `limit` ticks becomes missing and counts as lost.
Node* to_ticks(Tree& tree, const Node& values, std::int64_t ticks, std::int64_t limit, Loss& loss);

// int64 ticks -> doubles; the inverse of to_ticks(). A tick count the double can't hold counts as lost.
Node* from_ticks(Tree& tree, const Node& values, std::int64_t ticks, Loss& loss);

// Doubles whose bits are integers of package bit64 -> the same values as int64, INT64_MIN missing.
Node* to_integer64(Tree& tree, const Node& values);

// R's factor codes, from 1 -> Arrow's dictionary indices, from 0.
// Throws DecodeFailure for a code outside 1..levels.
Node* to_indices(Tree& tree, const Node& codes, std::int64_t levels);

}  // namespace rserial
