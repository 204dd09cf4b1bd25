// The Arrow C data interface, both ways: https://arrow.apache.org/docs/format/CDataInterface.html
#pragma once

#include <cstdint>

#include "node.hpp"

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};

}  // extern "C"

namespace rserial {

// Hands a vector out as an Arrow array that shares its buffers.
// Throws std::invalid_argument where the node is no vector that Arrow has a type for.
void export_schema(const Node& node, ArrowSchema* out);
void export_array(const Node& node, ArrowArray* out);

// Takes an Arrow array over as a vector: bool, int32, int64 (as integer64), double, utf8, binary (as text
// that may be no UTF-8) or uint8 (as raw).
// Moves out of `array`. Throws std::invalid_argument for any other type.
Node* import_array(Tree& tree, const ArrowSchema& schema, ArrowArray* array);

}  // namespace rserial
