#include "arrow_c.hpp"

#include <stdexcept>
#include <string>

namespace rserial {

namespace {

struct Export {
  std::vector<BufferPtr> keep;
  std::vector<const void*> buffers;
};

void release_schema(ArrowSchema* schema) { schema->release = nullptr; }

void release_array(ArrowArray* array) {
  delete static_cast<Export*>(array->private_data);
  array->release = nullptr;
}

const char* format_of(const Node& node) {
  switch (node.kind) {
    case Kind::logical: return "b";
    case Kind::integer: return "i";
    case Kind::real: return node.integer64 ? "l" : "g";
    case Kind::string:
      if (node.undecodable) return node.wide_offsets ? "Z" : "z";
      return node.wide_offsets ? "U" : "u";
    case Kind::raw: return "C";
    default: throw std::invalid_argument(std::string("no Arrow type for ") + kind_name(node.kind));
  }
}

void release_import(void* owned) {
  auto* array = static_cast<ArrowArray*>(owned);
  if (array->release != nullptr) array->release(array);
  delete array;
}

}  // namespace

void export_schema(const Node& node, ArrowSchema* out) {
  *out = ArrowSchema{format_of(node), "",     nullptr, 2 /* ARROW_FLAG_NULLABLE */, 0, nullptr, nullptr,
                     release_schema,  nullptr};
}

void export_array(const Node& node, ArrowArray* out) {
  format_of(node);
  auto* kept = new Export;
  const auto add = [kept](const BufferPtr& buffer) {
    kept->keep.push_back(buffer);
    kept->buffers.push_back(buffer ? buffer->data() : nullptr);
  };
  add(node.validity);
  if (node.kind == Kind::string) add(node.offsets);
  add(node.values);
  *out = ArrowArray{node.length,
                    node.null_count,
                    node.offset,
                    static_cast<std::int64_t>(kept->buffers.size()),
                    0,
                    kept->buffers.data(),
                    nullptr,
                    nullptr,
                    release_array,
                    kept};
}

namespace {

// Shorter runs gain nothing.
constexpr std::int64_t kShortestSequence = 64;

bool is_sequence(const Node& node) {
  if (node.kind != Kind::integer || node.validity || node.length < kShortestSequence) return false;
  const std::int32_t* values = node.values->as<std::int32_t>() + node.offset;
  for (std::int64_t i = 1; i < node.length; ++i) {
    if (static_cast<std::int64_t>(values[i]) - values[i - 1] != 1) return false;
  }
  return true;
}

}  // namespace

Node* import_array(Tree& tree, const ArrowSchema& schema, ArrowArray* array) {
  const std::string format = schema.format;
  Node* node = tree.add();
  if (format == "b") {
    node->kind = Kind::logical;
  } else if (format == "i") {
    node->kind = Kind::integer;
  } else if (format == "g" || format == "l") {
    node->kind = Kind::real;
    node->integer64 = format == "l";
  } else if (format == "u" || format == "U") {
    node->kind = Kind::string;
    node->wide_offsets = format == "U";
  } else if (format == "z" || format == "Z") {
    node->kind = Kind::string;
    node->undecodable = true;
    node->wide_offsets = format == "Z";
  } else if (format == "C") {
    node->kind = Kind::raw;
  } else {
    throw std::invalid_argument("Arrow format '" + format + "' is no R vector");
  }
  auto* owned = new ArrowArray(*array);
  array->release = nullptr;
  const std::shared_ptr<void> owner(owned, release_import);
  const auto buffer = [&owner, owned](int i) -> BufferPtr {
    if (owned->buffers[i] == nullptr) return nullptr;
    return std::make_shared<Buffer>(owned->buffers[i], owner);
  };
  node->length = owned->length;
  node->offset = owned->offset;
  node->null_count = owned->null_count;
  if (owned->null_count != 0) node->validity = buffer(0);
  if (node->kind == Kind::string) {
    node->offsets = buffer(1);
    node->values = buffer(2);
  } else {
    node->values = buffer(1);
  }
  node->sequence = is_sequence(*node);
  return node;
}

}  // namespace rserial
