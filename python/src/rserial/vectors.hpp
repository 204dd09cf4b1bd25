// Vectors of numbers and bytes, each read by any of the readers straight into Arrow layout.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "failure.hpp"
#include "node.hpp"
#include "sexp.hpp"

namespace rserial {

// The length of a vector whose elements take at least `size` bytes each.
template <class Reader>
std::int64_t vector_length(Reader& in, std::size_t size) {
  std::int64_t length = in.integer();
  if (length == -1) {  // a long vector: two words
    const auto high = static_cast<std::uint32_t>(in.integer());
    const auto low = static_cast<std::uint32_t>(in.integer());
    if (high > 65536) throw DecodeFailure("a vector's length of " + std::to_string(high) + " * 2^32");
    length = static_cast<std::int64_t>((static_cast<std::uint64_t>(high) << 32) | low);
  }
  if (length < 0) throw DecodeFailure("a negative length");
  if (static_cast<std::uint64_t>(length) > in.left() / size) {
    throw DecodeFailure("length " + std::to_string(length) + " exceeds the " + std::to_string(in.left()) +
                        " bytes left");
  }
  return length;
}

template <class Reader>
void read_logicals(Reader& in, Node& node) {
  node.kind = Kind::logical;
  node.length = vector_length(in, Reader::kIntegerSize);
  const auto length = static_cast<std::size_t>(node.length);
  node.values = std::make_shared<Buffer>((length + 7) / 8 + 8);
  std::vector<std::int32_t> block(std::min<std::size_t>(length, 4096));
  for (std::size_t done = 0; done < length; done += block.size()) {
    const std::size_t count = std::min(block.size(), length - done);
    const bool missing = in.integers(block.data(), count);
    for (std::size_t byte = 0; byte * 8 < count; ++byte) {
      unsigned bits = 0;
      for (std::size_t k = 0; k < 8 && byte * 8 + k < count; ++k) {
        bits |= static_cast<unsigned>(block[byte * 8 + k] != 0) << k;
      }
      node.values->data()[done / 8 + byte] = static_cast<std::uint8_t>(bits);
    }
    if (!missing) continue;
    for (std::size_t i = 0; i < count; ++i) {
      if (block[i] == kNaInteger) mark_missing(node, static_cast<std::int64_t>(done + i));
    }
  }
}

template <class Reader>
void read_integers(Reader& in, Node& node) {
  node.kind = Kind::integer;
  node.length = vector_length(in, Reader::kIntegerSize);
  const auto length = static_cast<std::size_t>(node.length);
  node.values = std::make_shared<Buffer>(length * 4 + 8);
  auto* values = node.values->as<std::int32_t>();
  if (!in.integers(values, length)) return;
  for (std::size_t i = 0; i < length; ++i) {
    if (values[i] == kNaInteger) mark_missing(node, static_cast<std::int64_t>(i));
  }
}

template <class Reader>
void read_reals(Reader& in, Node& node) {
  node.kind = Kind::real;
  node.length = vector_length(in, Reader::kRealSize);
  const auto length = static_cast<std::size_t>(node.length);
  node.values = std::make_shared<Buffer>(length * 8 + 8);
  auto* values = node.values->as<std::uint64_t>();
  if (!in.reals(values, length)) return;
  for (std::size_t i = 0; i < length; ++i) {
    if (is_na_bits(values[i])) mark_missing(node, static_cast<std::int64_t>(i));
  }
}

template <class Reader>
void read_complex(Reader& in, Node& node) {
  node.kind = Kind::complex;
  node.length = vector_length(in, 2 * Reader::kRealSize);
  const auto count = static_cast<std::size_t>(node.length) * 2;
  node.values = std::make_shared<Buffer>(count * 8 + 8);
  auto* values = node.values->as<std::uint64_t>();
  if (!in.reals(values, count)) return;
  for (std::size_t i = 0; i < count; i += 2) {
    if (is_na_bits(values[i]) || is_na_bits(values[i + 1]))
      mark_missing(node, static_cast<std::int64_t>(i / 2));
  }
}

template <class Reader>
void read_raw(Reader& in, Node& node) {
  node.kind = Kind::raw;
  node.length = vector_length(in, Reader::kRawSize);
  const auto length = static_cast<std::size_t>(node.length);
  node.values = std::make_shared<Buffer>(length + 8);
  if (length > 0) std::memcpy(node.values->data(), in.bytes(length), length);
}

}  // namespace rserial
