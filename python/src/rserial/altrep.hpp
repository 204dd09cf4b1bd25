// Compact forms (ALTREP) that base R writes for ordinary data in version 3.
#pragma once

#include "node.hpp"

namespace rserial {

// Turns a decoded ALTREP item, children = {info, state, attributes}, into the vector it stands for.
// Only base R's compact sequences, deferred strings and wrappers are known (R's altclasses.c);
// any other class would load a package or map a file: UnsafeFailure.
// `budget` is what compact forms may still expand to, in bytes: a few bytes can claim billions of elements.
void expand_altrep(Node& node, std::int64_t& budget);

}  // namespace rserial
