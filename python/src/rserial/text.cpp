#include "text.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace rserial {

bool is_utf8(const std::uint8_t* s, std::size_t size) {
  for (std::size_t i = 0; i < size;) {
    const std::uint8_t lead = s[i];
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || more >= size - i) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((s[i + k] & 0xC0) != 0x80) return false;
    }
    const std::uint8_t second = s[i + 1];
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

std::string latin1_to_utf8(const std::uint8_t* text, std::size_t size) {
  std::string out;
  out.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t c = text[i];
    if (c < 0x80) {
      out.push_back(static_cast<char>(c));
    } else {
      out.push_back(static_cast<char>(0xC0 | (c >> 6)));
      out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
    }
  }
  return out;
}

namespace {

// Why not printf() and strtod(): they follow the locale's decimal comma.
std::string formatted(double value, std::chars_format format, int precision) {
  char text[800];
  const auto end = std::to_chars(text, text + sizeof text, value, format, precision).ptr;
  return std::string(text, end);
}

double parsed(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string number_text(double value, int scipen) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  if (value == 0) value = 0;  // R shows no sign of zero
  // The fewest significant digits, up to 15, that give the value at 15 digits.
  const double rounded = parsed(formatted(value, std::chars_format::scientific, 14));
  int digits = 1;
  std::string scientific;
  for (; digits <= 15; ++digits) {
    scientific = formatted(value, std::chars_format::scientific, digits - 1);
    if (digits == 15 || parsed(scientific) == rounded) break;
  }
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  const int decimals = digits - 1 - exponent > 0 ? digits - 1 - exponent : 0;
  if (decimals > 340 || exponent > 340) return scientific;
  const std::string fixed = formatted(value, std::chars_format::fixed, decimals);
  const auto penalty = static_cast<std::int64_t>(scientific.size()) + scipen;
  return static_cast<std::int64_t>(fixed.size()) <= penalty ? fixed : scientific;
}

}  // namespace rserial
