#include "cells.hpp"

#include <cstring>
#include <stdexcept>
#include <string>

#include "encode.hpp"
#include "sexp.hpp"

namespace rserial {

namespace {

bool is_plain(const Node& cell) {
  const bool atomic = cell.kind == Kind::logical || cell.kind == Kind::integer || cell.kind == Kind::real ||
                      cell.kind == Kind::string;
  return atomic && !cell.object && cell.attributes == nullptr && !cell.undecodable;
}

bool bit(const Buffer& bitmap, std::int64_t at) { return (bitmap.data()[at >> 3] >> (at & 7)) & 1; }

// A vector of cells' values while it grows; every cell is of the same kind.
class Gathered {
 public:
  Gathered(Node& out, std::int64_t length) : out_(out) {
    out_.length = length;
    const auto count = static_cast<std::size_t>(length);
    switch (out_.kind) {
      case Kind::logical:
        out_.values = std::make_shared<Buffer>(count / 8 + 16);
        std::memset(out_.values->data(), 0, count / 8 + 16);
        break;
      case Kind::integer: out_.values = std::make_shared<Buffer>(count * 4 + 8); break;
      case Kind::real: out_.values = std::make_shared<Buffer>(count * 8 + 8); break;
      default:
        out_.wide_offsets = true;
        out_.values = std::make_shared<Buffer>(64);
        out_.offsets = std::make_shared<Buffer>((count + 1) * 8);
        out_.offsets->as<std::int64_t>()[0] = 0;
    }
  }

  void add(const Node& cell) {
    for (std::int64_t i = 0; i < cell.length; ++i, ++at_) {
      const bool valid = cell.valid(i);
      if (!valid) mark_missing(out_, at_);
      copy(cell, i, valid);
    }
  }

 private:
  void copy(const Node& cell, std::int64_t i, bool valid) {
    const std::int64_t from = cell.offset + i;
    switch (out_.kind) {
      case Kind::logical:
        if (bit(*cell.values, from))
          out_.values->data()[at_ >> 3] |= static_cast<std::uint8_t>(1u << (at_ & 7));
        break;
      case Kind::integer: out_.values->as<std::int32_t>()[at_] = cell.values->as<std::int32_t>()[from]; break;
      case Kind::real: out_.values->as<std::uint64_t>()[at_] = cell.values->as<std::uint64_t>()[from]; break;
      default: copy_text(cell, i, valid);
    }
  }

  void copy_text(const Node& cell, std::int64_t i, bool valid) {
    const std::int64_t start = cell.text_start(i);
    const auto size = static_cast<std::size_t>(valid ? cell.text_start(i + 1) - start : 0);
    if (text_ + size > out_.values->capacity()) out_.values->grow((text_ + size) * 2);
    if (size > 0) std::memcpy(out_.values->data() + text_, cell.values->data() + start, size);
    text_ += size;
    out_.offsets->as<std::int64_t>()[at_ + 1] = static_cast<std::int64_t>(text_);
  }

  Node& out_;
  std::int64_t at_ = 0;
  std::size_t text_ = 0;
};

Node* integers(Tree& tree, std::int64_t length) {
  Node* node = tree.add(Kind::integer);
  node->length = length;
  node->values = std::make_shared<Buffer>(static_cast<std::size_t>(length) * 4 + 8);
  return node;
}

}  // namespace

std::optional<Flat> flatten(Tree& tree, const Node& list) {
  const Node* first = nullptr;
  std::int64_t total = 0;
  for (const Node* cell : list.children) {
    if (cell->kind == Kind::null) continue;
    if (!is_plain(*cell) || cell->length > INT32_MAX) return std::nullopt;
    if (first == nullptr) first = cell;
    if (cell->kind != first->kind) return std::nullopt;
    total += cell->length;
  }
  if (first == nullptr) return std::nullopt;
  Flat flat{tree.add(first->kind), integers(tree, static_cast<std::int64_t>(list.children.size()))};
  Gathered gathered(*flat.values, total);
  auto* lengths = flat.lengths->values->as<std::int32_t>();
  for (std::size_t i = 0; i < list.children.size(); ++i) {
    const Node& cell = *list.children[i];
    lengths[i] = static_cast<std::int32_t>(cell.length);
    if (cell.kind == Kind::null) {
      lengths[i] = 0;
      mark_missing(*flat.lengths, static_cast<std::int64_t>(i));
    } else {
      gathered.add(cell);
    }
  }
  return flat;
}

Node* split(Tree& tree, const Node& values, const Node& lengths) {
  Node* list = tree.add(Kind::list);
  list->length = lengths.length;
  Node* null = tree.add(Kind::null);
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < lengths.length; ++i) {
    if (!lengths.valid(i)) {
      list->children.push_back(null);
      continue;
    }
    const std::int64_t length = lengths.values->as<std::int32_t>()[lengths.offset + i];
    if (length < 0 || length > values.length - at) throw std::invalid_argument("lengths beyond the values");
    Node* cell = tree.add(values.kind);
    cell->length = length;
    cell->offset = values.offset + at;
    cell->wide_offsets = values.wide_offsets;
    cell->values = values.values;
    cell->validity = values.validity;
    cell->offsets = values.offsets;
    list->children.push_back(cell);
    at += length;
  }
  if (at != values.length) throw std::invalid_argument("lengths short of the values");
  return list;
}

Node* serialize_cells(Tree& tree, const Node& list) {
  Node* out = tree.add(Kind::string);
  out->undecodable = true;
  out->wide_offsets = true;
  out->length = static_cast<std::int64_t>(list.children.size());
  out->offsets = std::make_shared<Buffer>((list.children.size() + 1) * 8);
  out->values = std::make_shared<Buffer>(64);
  auto* offsets = out->offsets->as<std::int64_t>();
  std::size_t at = 0;
  offsets[0] = 0;
  for (std::size_t i = 0; i < list.children.size(); ++i) {
    const std::size_t size = xdr_size(*list.children[i], 3);
    if (at + size > out->values->capacity()) out->values->grow((at + size) * 2);
    encode_xdr(*list.children[i], 3, out->values->data() + at, size);
    at += size;
    offsets[i + 1] = static_cast<std::int64_t>(at);
  }
  return out;
}

Node* unserialize_cells(Tree& tree, const Node& cells) {
  Node* list = tree.add(Kind::list);
  list->length = cells.length;
  for (std::int64_t i = 0; i < cells.length; ++i) {
    const auto located = [i](const std::exception& failure) {
      return "cell " + std::to_string(i + 1) + ", " + failure.what();
    };
    try {
      const std::int64_t start = cells.text_start(i);
      const auto size = static_cast<std::size_t>(cells.text_start(i + 1) - start);
      const Decoded decoded = decode(cells.values->data() + start, size);
      tree.parts.push_back(decoded.tree);
      list->children.push_back(decoded.root);
    } catch (const DecodeFailure& failure) {
      throw DecodeFailure(located(failure));
    } catch (const UnsafeFailure& failure) {
      throw UnsafeFailure(located(failure));
    }
  }
  return list;
}

Node* parts(Tree& tree, const Node& complex) {
  if (complex.kind != Kind::complex) throw std::invalid_argument("parts takes complex numbers");
  Node* out = tree.add(Kind::real);
  out->length = complex.length * 2;
  out->offset = complex.offset * 2;
  out->values = complex.values;
  if (complex.null_count == 0) return out;
  if (out->offset != 0) throw std::invalid_argument("parts takes a whole vector");
  const auto* bits = complex.values->as<std::uint64_t>();
  for (std::int64_t i = 0; i < out->length; ++i) {
    if (is_na_bits(bits[i])) mark_missing(*out, i);
  }
  return out;
}

Node* wholly_missing(Tree& tree, const Node& parts) {
  Node* out = tree.add(Kind::logical);
  out->length = parts.length / 2;
  const std::size_t size = static_cast<std::size_t>((out->length + 7) / 8);
  out->values = std::make_shared<Buffer>(size + 8);
  std::memset(out->values->data(), 0, size + 8);
  for (std::int64_t i = 0; parts.validity && i < out->length; ++i) {
    if (!parts.valid(2 * i) && !parts.valid(2 * i + 1)) {
      out->values->data()[i >> 3] |= static_cast<std::uint8_t>(1u << (i & 7));
    }
  }
  return out;
}

Node* from_parts(Tree& tree, const Node& values, const Node& missing) {
  const bool fits =
      values.kind == Kind::real && missing.kind == Kind::logical && values.length == missing.length * 2;
  if (!fits) throw std::invalid_argument("a complex number takes two doubles");
  Node* out = tree.add(Kind::complex);
  out->length = missing.length;
  out->values = std::make_shared<Buffer>(static_cast<std::size_t>(values.length) * 8 + 8);
  const auto* from = values.values ? values.values->as<std::uint64_t>() + values.offset : nullptr;
  auto* to = out->values->as<std::uint64_t>();
  for (std::int64_t i = 0; i < missing.length; ++i) {
    const bool whole = bit(*missing.values, missing.offset + i);
    bool any = false;
    for (std::int64_t k = 2 * i; k < 2 * i + 2; ++k) {
      to[k] = whole || !values.valid(k) ? kNaReal : from[k];
      any |= is_na_bits(to[k]);
    }
    if (any) mark_missing(*out, i);
  }
  return out;
}

}  // namespace rserial
