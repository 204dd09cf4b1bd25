// Bytes of one serialized R value -> a tree of plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cursor.hpp"
#include "failure.hpp"
#include "node.hpp"

namespace rserial {

// What Arrow's 32-bit offsets reach.
inline constexpr std::size_t kNarrowText = INT32_MAX;

struct Decoded {
  TreePtr tree;
  Node* root;
};

// Decodes `size` bytes that start with "X\n", "A\n" or "B\n", version 2 or 3.
// Nothing is evaluated; no claimed length is trusted before it is compared with what is left.
// Throws DecodeFailure or UnsafeFailure, both with the offset and the trail that led there.
// Text of up to `narrow_text` bytes a column has 32-bit offsets.
Decoded decode(const std::uint8_t* data, std::size_t size, std::size_t narrow_text = kNarrowText);

// The same of `size` bytes that come piece by piece, from byte `skip` on; "X\n" only.
// Throws FeedEnded where the bytes are not what was foretold of them, and nothing is known then.
Decoded decode(Feed& feed, std::size_t size, std::size_t skip);

}  // namespace rserial
