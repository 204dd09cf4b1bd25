// The tree between bytes and columns: what one serialized R value is made of.
// Vectors lie in Arrow layout, so that a column crosses to Python without a copy.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "memory.hpp"

namespace rserial {

enum class Kind : std::uint8_t {
  null,
  symbol,
  pairlist,
  language,
  environment,
  logical,
  integer,
  real,
  complex,
  string,
  list,
  raw,
  s4,
  pointer,
  altrep,  // only while decoding; expanded before a tree is handed out
};

const char* kind_name(Kind kind);

struct Node {
  Kind kind = Kind::null;
  bool object = false;        // the OBJECT bit: the value has a class
  bool wide_offsets = false;  // strings with 64-bit offsets (Arrow large_string)
  bool undecodable = false;   // holds "bytes"-encoded or invalid text
  bool sequence = false;      // consecutive integers: version 3 writes them as R does, in their compact form
  bool integer64 = false;     // values are int64 bit patterns to be written as doubles
  int levels = 0;
  std::int64_t length = 0;
  std::int64_t null_count = 0;
  std::int64_t offset = 0;  // first element within the buffers, in elements
  BufferPtr values;         // logical: bitmap; string: the text
  BufferPtr validity;       // bitmap, absent when nothing is missing
  BufferPtr offsets;        // strings only
  BufferPtr marks;          // strings only: R's encoding bits of those that are no UTF-8 text, else 0
  std::vector<Node*> children;
  std::vector<Node*> tags;     // pairlist and language: symbols or nullptr
  Node* attributes = nullptr;  // a pairlist
  std::string text;            // symbol: its name; environment: global, base or empty

  bool valid(std::int64_t i) const {
    if (!validity) return true;
    const std::int64_t at = i + offset;
    return (validity->data()[at >> 3] >> (at & 7)) & 1;
  }
  std::int64_t text_start(std::int64_t i) const {
    const std::int64_t at = i + offset;
    return wide_offsets ? offsets->as<std::int64_t>()[at] : offsets->as<std::int32_t>()[at];
  }
  std::string text_at(std::int64_t i) const {
    const std::int64_t start = text_start(i);
    return std::string(values->as<char>() + start, static_cast<std::size_t>(text_start(i + 1) - start));
  }
  const Node* attribute(const char* name) const {
    if (attributes == nullptr) return nullptr;
    for (std::size_t i = 0; i < attributes->children.size(); ++i) {
      const Node* tag = attributes->tags[i];
      if (tag != nullptr && tag->text == name) return attributes->children[i];
    }
    return nullptr;
  }
  bool inherits(const char* name) const {
    const Node* classes = attribute("class");
    if (classes == nullptr || classes->kind != Kind::string) return false;
    for (std::int64_t i = 0; i < classes->length; ++i) {
      if (classes->valid(i) && classes->text_at(i) == name) return true;
    }
    return false;
  }
};

// Owns its nodes in one arena, so that neither building nor freeing a deep tree recurses.
struct Tree {
  std::deque<Node> nodes;
  std::vector<std::shared_ptr<Tree>> parts;  // trees whose nodes are used here

  Node* add(Kind kind = Kind::null) {
    nodes.emplace_back();
    nodes.back().kind = kind;
    return &nodes.back();
  }
};

using TreePtr = std::shared_ptr<Tree>;

// A bitmap of `length` ones that the caller then clears where a value is missing.
inline BufferPtr full_bitmap(std::int64_t length) {
  const std::size_t size = static_cast<std::size_t>((length + 7) / 8);
  auto bitmap = std::make_shared<Buffer>(size + 8);
  std::memset(bitmap->data(), 0xFF, size + 8);
  return bitmap;
}

inline void mark_missing(Node& node, std::int64_t i) {
  if (!node.validity) node.validity = full_bitmap(node.length);
  node.validity->data()[i >> 3] &= static_cast<std::uint8_t>(~(1u << (i & 7)));
  ++node.null_count;
}

}  // namespace rserial
