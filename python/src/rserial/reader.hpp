// The three encodings of one serialization: XDR, native and ASCII.
// Each reader checks what is left before it reads, and throws DecodeFailure.
#pragma once

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>

#include "cursor.hpp"
#include "failure.hpp"
#include "sexp.hpp"

namespace rserial {

// Big-endian (XDR, "X\n") or this machine's order ("B\n").
template <bool Swap>
class BinaryReader : public Cursor {
 public:
  using Cursor::Cursor;
  static constexpr std::size_t kIntegerSize = 4, kRealSize = 8, kRawSize = 1;

  std::int32_t integer() {
    std::uint32_t bits;
    std::memcpy(&bits, take(4), 4);
    return static_cast<std::int32_t>(swap32(bits));
  }

  // Copies `count` integers; returns whether one of them is NA.
  bool integers(std::int32_t* out, std::size_t count) {
    std::uint32_t any = 0;
    while (count > 0) {
      const std::size_t some = elements(count, 4);
      const std::uint8_t* in = take(some * 4);
      for (std::size_t i = 0; i < some; ++i) {
        std::uint32_t bits;
        std::memcpy(&bits, in + i * 4, 4);
        bits = swap32(bits);
        out[i] = static_cast<std::int32_t>(bits);
        any |= static_cast<std::uint32_t>(bits == 0x80000000u);
      }
      out += some;
      count -= some;
    }
    return any != 0;
  }

  // Copies `count` doubles as bit patterns; returns whether one of them is NaN, NA or infinite.
  bool reals(std::uint64_t* out, std::size_t count) {
    std::uint64_t any = 0;
    while (count > 0) {
      const std::size_t some = elements(count, 8);
      const std::uint8_t* in = take(some * 8);
      for (std::size_t i = 0; i < some; ++i) {
        std::uint64_t bits;
        std::memcpy(&bits, in + i * 8, 8);
        bits = swap64(bits);
        out[i] = bits;
        any |= static_cast<std::uint64_t>((bits & kExponentMask) == kExponentMask);
      }
      out += some;
      count -= some;
    }
    return any != 0;
  }

  const std::uint8_t* bytes(std::size_t count) { return take(count); }

  // Takes a whole CHARSXP if it is ASCII of at most kShort bytes, copying it to `out`, which has room for
  // that many: returns its size, or -1 with nothing taken. Why: columns of text are mostly such strings, and
  // two loads and stores are faster than any loop over one.
  static constexpr int kShort = 16;
  int short_ascii(std::uint8_t* out) {
    if (here() < 8 + kShort) return -1;
    std::uint32_t head[2];
    std::uint64_t words[2];
    std::memcpy(head, at_, 8);
    std::memcpy(words, at_ + 8, kShort);
    const std::uint32_t size = swap32(head[1]);
    if ((swap32(head[0]) & 0xFF) != kChar || size > kShort) return -1;
    const std::uint64_t first = size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
    const std::uint64_t second = size <= 8 ? 0 : size == 16 ? ~0ULL : (1ULL << (8 * (size - 8))) - 1;
    if (((words[0] & first) | (words[1] & second)) & 0x8080808080808080ULL) return -1;
    std::memcpy(out, words, kShort);
    at_ += 8 + size;
    return static_cast<int>(size);
  }

  // The text of a CHARSXP; `scratch` serves readers that must unescape.
  const std::uint8_t* text(std::size_t count, std::string& /*scratch*/) { return take(count); }

 private:
  static std::uint32_t swap32(std::uint32_t v) {
    if constexpr (!Swap) return v;
    return __builtin_bswap32(v);
  }
  static std::uint64_t swap64(std::uint64_t v) {
    if constexpr (!Swap) return v;
    return __builtin_bswap64(v);
  }
};

// One word a line ("A\n"); doubles decimal or, with ascii = NA, hexadecimal.
class AsciiReader : public Cursor {
 public:
  using Cursor::Cursor;
  static constexpr std::size_t kIntegerSize = 2, kRealSize = 2, kRawSize = 2;

  static constexpr int kShort = 0;
  int short_ascii(std::uint8_t* /*out*/) { return -1; }

  std::int32_t integer() {
    const std::string word = next_word();
    if (word == "NA") return kNaInteger;
    char* end = nullptr;
    const long long value = std::strtoll(word.c_str(), &end, 10);
    if (word.empty() || *end != '\0' || value < INT32_MIN || value > INT32_MAX) {
      throw DecodeFailure("'" + printable(word) + "' is not an integer");
    }
    return static_cast<std::int32_t>(value);
  }

  bool integers(std::int32_t* out, std::size_t count) {
    bool any = false;
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = integer();
      any |= out[i] == kNaInteger;
    }
    return any;
  }

  bool reals(std::uint64_t* out, std::size_t count) {
    bool any = false;
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = real();
      any |= (out[i] & kExponentMask) == kExponentMask;
    }
    return any;
  }

  const std::uint8_t* bytes(std::size_t count) {
    raw_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string word = next_word();
      char* end = nullptr;
      const unsigned long value = std::strtoul(word.c_str(), &end, 16);
      if (word.empty() || *end != '\0' || value > 255)
        throw DecodeFailure("'" + printable(word) + "' is not a byte");
      raw_[i] = static_cast<char>(value);
    }
    return reinterpret_cast<const std::uint8_t*>(raw_.data());
  }

  const std::uint8_t* text(std::size_t count, std::string& scratch) {
    if (count > left()) {
      throw DecodeFailure("length " + std::to_string(count) + " exceeds the " + std::to_string(left()) +
                          " bytes left");
    }
    scratch.clear();
    if (count > 0) skip_space();
    while (scratch.size() < count) scratch.push_back(unescaped());
    return reinterpret_cast<const std::uint8_t*>(scratch.data());
  }

 private:
  void skip_space() {
    while (at_ < end_ && std::isspace(*at_)) ++at_;
  }

  // A damaged word may be no text at all.
  static std::string printable(std::string word) {
    for (char& c : word) {
      if (c < 32 || c > 126) c = '?';
    }
    return word;
  }

  // Why bounded: R's own reader takes words of at most 100 characters.
  std::string next_word() {
    skip_space();
    const std::uint8_t* begin = at_;
    while (at_ < end_ && !std::isspace(*at_) && at_ - begin < 100) ++at_;
    if (at_ == begin) throw DecodeFailure("the data end early");
    return std::string(reinterpret_cast<const char*>(begin), static_cast<std::size_t>(at_ - begin));
  }

  // Why not strtod(): it follows the locale's decimal comma.
  std::uint64_t real() {
    const std::string word = next_word();
    if (word == "NA") return kNaReal;
    const bool negative = word[0] == '-';
    const bool hex = word.compare(negative ? 1 : 0, 2, "0x") == 0;
    const char* begin = word.data() + (negative ? 1 : 0) + (hex ? 2 : 0);
    const char* end = word.data() + word.size();
    double value = 0;
    const auto format = hex ? std::chars_format::hex : std::chars_format::general;
    const auto [at, failed] = std::from_chars(begin, end, value, format);
    if (at != end || *begin == '-' || failed != std::errc()) {
      throw DecodeFailure("'" + printable(word) + "' is not a number");
    }
    if (negative) value = -value;
    std::uint64_t bits;
    std::memcpy(&bits, &value, 8);
    return bits;
  }

  char one() { return static_cast<char>(*take(1)); }

  char unescaped() {
    const char c = one();
    if (c != '\\') return c;
    const char escaped = one();
    switch (escaped) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'v': return '\v';
      case 'b': return '\b';
      case 'r': return '\r';
      case 'f': return '\f';
      case 'a': return '\a';
      default: break;
    }
    if (escaped < '0' || escaped > '7') return escaped;
    int value = escaped - '0';
    for (int digits = 1; digits < 3 && at_ < end_ && *at_ >= '0' && *at_ <= '7'; ++digits) {
      value = value * 8 + (*at_++ - '0');
    }
    return static_cast<char>(value);
  }

  std::string raw_;
};

}  // namespace rserial
