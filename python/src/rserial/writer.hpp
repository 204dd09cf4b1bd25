// Where the words of a serialization go: counted, as XDR, or as ASCII. The counterpart of reader.hpp.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "sexp.hpp"

namespace rserial {

// Counts what XdrWriter would write.
class XdrCounter {
 public:
  std::size_t size() const { return size_; }
  void header() { size_ += 2; }
  void integer(std::int32_t) { size_ += 4; }
  void integers(const std::int32_t*, std::size_t count) { size_ += count * 4; }
  void reals(const std::uint64_t*, std::size_t count) { size_ += count * 8; }
  void raw(const std::uint8_t*, std::size_t count) { size_ += count; }
  void text(const std::uint8_t*, std::size_t count) { size_ += count; }
  // Whatever a short string's encoding, it takes its words and its bytes.
  bool short_ascii(const std::uint8_t*, std::size_t size, std::size_t) {
    size_ += 8 + size;
    return true;
  }

 private:
  std::size_t size_ = 0;
};

// Takes what has been written, whenever the room for it is full.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void take(const std::uint8_t* data, std::size_t size) = 0;
};

// Writes into room that holds everything, or that is emptied into a sink each time it is full.
class XdrWriter {
 public:
  XdrWriter(std::uint8_t* room, std::size_t size, Sink* sink = nullptr)
      : start_(room), at_(room), end_(room + size), sink_(sink) {}
  // Gives the sink what is left.
  void finish() {
    if (sink_ != nullptr) empty();
  }
  void header() { raw(reinterpret_cast<const std::uint8_t*>("X\n"), 2); }
  void integer(std::int32_t value) { integers(&value, 1); }
  void integers(const std::int32_t* values, std::size_t count) {
    while (count > 0) {
      const std::size_t some = fitting(count, 4);
      for (std::size_t i = 0; i < some; ++i) {
        const std::uint32_t bits = __builtin_bswap32(static_cast<std::uint32_t>(values[i]));
        std::memcpy(at_ + i * 4, &bits, 4);
      }
      at_ += some * 4;
      values += some;
      count -= some;
    }
  }
  void reals(const std::uint64_t* values, std::size_t count) {
    while (count > 0) {
      const std::size_t some = fitting(count, 8);
      for (std::size_t i = 0; i < some; ++i) {
        const std::uint64_t bits = __builtin_bswap64(values[i]);
        std::memcpy(at_ + i * 8, &bits, 8);
      }
      at_ += some * 8;
      values += some;
      count -= some;
    }
  }
  void raw(const std::uint8_t* values, std::size_t count) {
    while (count > 0) {
      const std::size_t some = fitting(count, 1);
      std::memcpy(at_, values, some);
      at_ += some;
      values += some;
      count -= some;
    }
  }
  void text(const std::uint8_t* values, std::size_t count) { raw(values, count); }

  // Writes a CHARSXP if it is ASCII of at most 16 bytes; false with nothing written otherwise, or where fewer
  // than 16 bytes may be read or written. Why: two loads and stores are faster than any loop over a short
  // string.
  bool short_ascii(const std::uint8_t* value, std::size_t size, std::size_t readable) {
    if (size > 16 || readable < 16 || end_ - at_ < 8 + 16) return false;
    std::uint64_t words[2];
    std::memcpy(words, value, 16);
    const std::uint64_t first = size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
    const std::uint64_t second = size <= 8 ? 0 : size == 16 ? ~0ULL : (1ULL << (8 * (size - 8))) - 1;
    if (((words[0] & first) | (words[1] & second)) & 0x8080808080808080ULL) return false;
    const std::uint32_t head[2] = {__builtin_bswap32(kChar | kAsciiEncoding << kLevelsShift),
                                   __builtin_bswap32(static_cast<std::uint32_t>(size))};
    std::memcpy(at_, head, 8);
    std::memcpy(at_ + 8, words, 16);
    at_ += 8 + size;
    return true;
  }

 private:
  // How many of `count` elements fit, at least one; empties the room where none does.
  std::size_t fitting(std::size_t count, std::size_t size) {
    std::size_t some = static_cast<std::size_t>(end_ - at_) / size;
    if (some == 0) {
      if (sink_ == nullptr) throw std::logic_error("more to write than was counted");
      empty();
      some = static_cast<std::size_t>(end_ - at_) / size;
    }
    return some < count ? some : count;
  }

  void empty() {
    if (at_ != start_) sink_->take(start_, static_cast<std::size_t>(at_ - start_));
    at_ = start_;
  }

  std::uint8_t* start_;
  std::uint8_t* at_;
  std::uint8_t* end_;
  Sink* sink_;
};

class AsciiWriter {
 public:
  bool short_ascii(const std::uint8_t*, std::size_t, std::size_t) { return false; }
  std::string take() { return std::move(out_); }
  void header() { out_ += "A\n"; }
  void integer(std::int32_t value) { line(value == kNaInteger ? "NA" : std::to_string(value)); }
  void integers(const std::int32_t* values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) integer(values[i]);
  }
  void reals(const std::uint64_t* values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) real(values[i]);
  }
  void raw(const std::uint8_t* values, std::size_t count) {
    char word[3];
    for (std::size_t i = 0; i < count; ++i) {
      std::snprintf(word, sizeof word, "%02x", values[i]);
      line(word);
    }
  }
  // Escapes as R's OutString() does: everything outside printable ASCII in octal.
  void text(const std::uint8_t* values, std::size_t count) {
    static constexpr char kEscaped[] = "\n\t\v\b\r\f\a\\?'\"";
    static constexpr char kLetters[] = "ntvbrfa\\?'\"";
    for (std::size_t i = 0; i < count; ++i) {
      const char c = static_cast<char>(values[i]);
      const char* found = c == '\0' ? nullptr : std::strchr(kEscaped, c);
      if (found != nullptr) {
        out_ += '\\';
        out_ += kLetters[found - kEscaped];
      } else if (values[i] <= 32 || values[i] > 126) {
        char octal[5];
        std::snprintf(octal, sizeof octal, "\\%03o", values[i]);
        out_ += octal;
      } else {
        out_ += c;
      }
    }
    out_ += '\n';
  }

 private:
  void line(const std::string& word) {
    out_ += word;
    out_ += '\n';
  }
  void real(std::uint64_t bits) {
    double value;
    std::memcpy(&value, &bits, 8);
    if (is_na_bits(bits)) return line("NA");
    if (std::isnan(value)) return line("NaN");
    if (std::isinf(value)) return line(value > 0 ? "Inf" : "-Inf");
    char word[32];
    const auto end = std::to_chars(word, word + sizeof word, value).ptr;
    line(std::string(word, end));
  }
  std::string out_;
};

}  // namespace rserial
