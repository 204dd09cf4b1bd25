// Text encodings: what R marks on each string, brought to UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace rserial {

// Why here: it runs for every string, and most are short.
inline bool is_ascii(const std::uint8_t* text, std::size_t size) {
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text + i, 8);
    if (word & 0x8080808080808080ULL) return false;
  }
  for (; i < size; ++i) {
    if (text[i] & 0x80) return false;
  }
  return true;
}

// Whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(const std::uint8_t* text, std::size_t size);

std::string latin1_to_utf8(const std::uint8_t* text, std::size_t size);

// R's as.character() of a number: up to 15 significant digits, fixed unless that is more than
// `scipen` characters longer than scientific (R's option of that name).
std::string number_text(double value, int scipen = 0);

}  // namespace rserial
