// Target: the native codec. Any bytes are refused by one of its two failures, or give a tree that is written
// and read again unchanged, whole and piece by piece, and that every kernel and every look at it takes.
#include <algorithm>
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

// Pieces of growing size, each in memory of its own, so that a read beyond one is seen.
class CutFeed : public Feed {
 public:
  CutFeed(const std::uint8_t* data, std::size_t size, std::size_t first)
      : data_(data), left_(size), size_(first) {}
  Piece next() override {
    const std::size_t size = std::min(size_, left_);
    piece_ = std::make_unique<std::uint8_t[]>(size);
    std::memcpy(piece_.get(), data_, size);
    data_ += size;
    left_ -= size;
    size_ = size_ * 2 + 1;
    return {piece_.get(), size};
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
  std::size_t size_;
  std::unique_ptr<std::uint8_t[]> piece_;
};

class Joined : public Sink {
 public:
  void take(const std::uint8_t* data, std::size_t size) override {
    all.append(reinterpret_cast<const char*>(data), size);
  }
  std::string all;
};

// What comes in pieces is judged as what lies in memory is; `whole` is nullptr where that was refused.
void check_pieces(const std::uint8_t* data, std::size_t size, const Node* whole) {
  if (size < 2 || data[0] != 'X' || data[1] != '\n') return;
  for (const std::size_t first : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
    CutFeed feed(data, size, first);
    try {
      const Decoded decoded = decode(feed, size, 0);
      PROMISE(whole != nullptr);
      PROMISE(xdr(*decoded.root, 3) == xdr(*whole, 3));
    } catch (const DecodeFailure&) {
      PROMISE(whole == nullptr);
    } catch (const UnsafeFailure&) {
      PROMISE(whole == nullptr);
    }
  }
  if (whole == nullptr) return;
  Joined joined;
  encode_xdr(*whole, 3, 64, joined);
  PROMISE(joined.all == xdr(*whole, 3));
  // Fewer bytes than were foretold are no failure of the bytes.
  CutFeed cut(data, size, 7);
  try {
    decode(cut, size + 1, 0);
  } catch (const FeedEnded&) {
  }
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
    check_pieces(data, size, nullptr);
    return 0;
  } catch (const UnsafeFailure&) {
    check_pieces(data, size, nullptr);
    return 0;
  }
  check_pieces(data, size, decoded.root);
  check_round_trips(*decoded.root);
  for (const Node& node : decoded.tree->nodes) {
    look_at(node);
    check_export(node);
    check_kernels(node);
  }
  return 0;
}
