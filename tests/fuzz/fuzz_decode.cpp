// Target: the native codec. Any bytes are refused by one of its two failures, or give a tree that is written
// and read again unchanged, and that every kernel and every look at it takes.
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>

#include "arrow_c.hpp"
#include "decode.hpp"
#include "encode.hpp"
#include "fail.hpp"
#include "kernels.hpp"

using namespace rserial;

namespace {

std::string xdr(const Node& root, int version) {
  const std::size_t size = xdr_size(root, version);
  const auto out = std::make_unique<std::uint8_t[]>(size);
  encode_xdr(root, version, out.get(), size);
  return std::string(reinterpret_cast<const char*>(out.get()), size);
}

Decoded decode_text(const std::string& text) {
  return decode(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

void check_round_trips(const Node& root) {
  for (const int version : {3, 2}) {
    const std::string written = xdr(root, version);
    const Decoded again = decode_text(written);
    PROMISE(xdr(*again.root, version) == written);
  }
  // Compared as text: a NaN's payload, which no one promises, ends in ASCII.
  const std::string ascii = encode_ascii(root, 3);
  const Decoded again = decode_text(ascii);
  PROMISE(encode_ascii(*again.root, 3) == ascii);
}

void check_kernels(const Node& node) {
  Tree tree;
  Loss loss;
  if (node.kind == Kind::real) {
    constexpr std::int64_t kBillion = 1000000000;
    for (const std::int64_t ticks : {std::int64_t{1}, kBillion, 604800 * kBillion}) {
      const Node* counts = to_ticks(tree, node, ticks, INT64_MAX, loss);
      from_ticks(tree, *counts, ticks, loss);
    }
    to_ticks(tree, node, 1, INT32_MAX, loss);
    to_integer64(tree, node);
  } else if (node.kind == Kind::integer) {
    try {
      to_indices(tree, node, 5);
    } catch (const DecodeFailure&) {
    }
  }
}

void check_export(const Node& node) {
  switch (node.kind) {
    case Kind::logical:
    case Kind::integer:
    case Kind::real:
    case Kind::string:
    case Kind::raw: break;
    default: return;
  }
  ArrowSchema schema;
  ArrowArray array;
  export_schema(node, &schema);
  export_array(node, &array);
  Tree tree;
  const Node* back = import_array(tree, schema, &array);
  PROMISE(back->length == node.length);
  schema.release(&schema);
}

// What Python asks of any node, whatever its kind.
void look_at(const Node& node) {
  node.inherits("factor");
  node.attribute("levels");
  if (node.kind != Kind::string) return;
  for (std::int64_t i = 0; i < node.length; ++i) {
    if (node.valid(i)) node.text_at(i);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Decoded decoded;
  try {
    decoded = decode(data, size);
  } catch (const DecodeFailure&) {
    return 0;
  } catch (const UnsafeFailure&) {
    return 0;
  }
  check_round_trips(*decoded.root);
  for (const Node& node : decoded.tree->nodes) {
    look_at(node);
    check_export(node);
    check_kernels(node);
  }
  return 0;
}
