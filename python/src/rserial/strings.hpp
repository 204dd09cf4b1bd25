// Character vectors: text brought to UTF-8, in Arrow layout.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "failure.hpp"
#include "node.hpp"
#include "sexp.hpp"
#include "text.hpp"
#include "vectors.hpp"

namespace rserial {

template <class Reader>
class StringReader {
 public:
  // Columns of up to `narrow_text` bytes, 2^31 - 1 at most, have 32-bit offsets.
  explicit StringReader(std::size_t narrow_text) : narrow_text_(narrow_text) {}

  // What the header of version 3 says of strings without a mark.
  void set_native_encoding(std::string name) { native_encoding_ = std::move(name); }

  // The string being read, from 0 on; -1 between vectors.
  std::int64_t current() const { return string_; }

  void read(Reader& in, Node& node) {
    node.kind = Kind::string;
    node.length = vector_length(in, 2 * Reader::kIntegerSize);
    // Why by what is left: text can't be longer, so that 32-bit offsets are safe from the start.
    node.wide_offsets = in.left() * 2 > narrow_text_;
    const std::size_t width = node.wide_offsets ? 8 : 4;
    node.offsets = std::make_shared<Buffer>((static_cast<std::size_t>(node.length) + 1) * width);
    // Room for short strings; pages that no text reaches are never touched.
    node.values = std::make_shared<Buffer>(
        std::min(in.left(), static_cast<std::size_t>(node.length) * Reader::kShort) + 64);
    std::size_t at = 0;
    for (string_ = 0; string_ < node.length; ++string_) {
      set_offset(node, string_, at);
      if (at + Reader::kShort > node.values->capacity()) node.values->grow((at + Reader::kShort) * 2);
      const int size = in.short_ascii(node.values->data() + at);
      at = size >= 0 ? at + static_cast<std::size_t>(size) : read_one(in, node, at);
    }
    set_offset(node, node.length, at);
    string_ = -1;
    if (node.wide_offsets && at <= narrow_text_) narrow(node);
  }

 private:
  // Why: how wide they are depends on the column alone, not on what else is in the file.
  static void narrow(Node& node) {
    const auto count = static_cast<std::size_t>(node.length) + 1;
    auto offsets = std::make_shared<Buffer>(count * 4);
    const auto* wide = node.offsets->as<std::int64_t>();
    for (std::size_t i = 0; i < count; ++i)
      offsets->as<std::int32_t>()[i] = static_cast<std::int32_t>(wide[i]);
    node.offsets = std::move(offsets);
    node.wide_offsets = false;
  }

  static void set_offset(Node& node, std::int64_t i, std::size_t at) {
    if (node.wide_offsets) {
      node.offsets->as<std::int64_t>()[i] = static_cast<std::int64_t>(at);
    } else {
      node.offsets->as<std::int32_t>()[i] = static_cast<std::int32_t>(at);
    }
  }

  // Appends one CHARSXP at `at`; returns where its text ends.
  std::size_t read_one(Reader& in, Node& node, std::size_t at) {
    const std::int32_t flags = in.integer();
    if ((flags & 0xFF) != kChar)
      throw DecodeFailure("type " + std::to_string(flags & 0xFF) + " is no string");
    const std::int32_t claimed = in.integer();
    if (claimed == -1) {
      mark_missing(node, string_);
      return at;
    }
    if (claimed < 0) throw DecodeFailure("a string of negative length");
    std::size_t size = static_cast<std::size_t>(claimed);
    const std::uint8_t* text = in.text(size, scratch_);
    std::string converted;
    if (!is_ascii(text, size)) {
      const int levels = static_cast<int>(static_cast<std::uint32_t>(flags) >> kLevelsShift);
      if (to_utf8(node, text, size, levels, converted)) {
        text = reinterpret_cast<const std::uint8_t*>(converted.data());
        size = converted.size();
      }
    }
    if (at + size > node.values->capacity()) node.values->grow((at + size) * 2);
    if (size > 0) std::memcpy(node.values->data() + at, text, size);
    return at + size;
  }

  void mark_undecodable(Node& node, int levels) {
    if (!node.marks) {
      node.undecodable = true;
      node.marks = std::make_shared<Buffer>(static_cast<std::size_t>(node.length));
      std::memset(node.marks->data(), 0, static_cast<std::size_t>(node.length));
    }
    node.marks->data()[string_] = static_cast<std::uint8_t>(levels & (kBytesEncoding | kUtf8Encoding));
  }

  // Fills `converted` and returns true where the text is not UTF-8 as it stands.
  bool to_utf8(Node& node, const std::uint8_t* text, std::size_t size, int levels, std::string& converted) {
    const bool utf8 = is_utf8(text, size);
    if ((levels & kBytesEncoding) || ((levels & kUtf8Encoding) && !utf8)) {
      mark_undecodable(node, levels);
      return false;
    }
    if (levels & kUtf8Encoding) return false;
    if (!(levels & kLatin1Encoding) && utf8 && native_encoding_ != "ISO-8859-1") return false;
    converted = latin1_to_utf8(text, size);
    return true;
  }

  std::size_t narrow_text_;
  std::string native_encoding_;
  std::string scratch_;
  std::int64_t string_ = -1;
};

}  // namespace rserial
