// Text encodings: what R marks on each string, brought to UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rserial {

bool is_ascii(const std::uint8_t* text, std::size_t size);

// Whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(const std::uint8_t* text, std::size_t size);

std::string latin1_to_utf8(const std::uint8_t* text, std::size_t size);

// R's as.character() of a number: up to 15 significant digits, fixed unless that is more than
// `scipen` characters longer than scientific (R's option of that name).
std::string number_text(double value, int scipen = 0);

}  // namespace rserial
