// Target: what R's CSV codec does with text, R apart: fields, numbers, dates and times. A value that is read
// is written and read again unchanged.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>

extern "C" {
#include "csv.h"
}

#include "fail.hpp"

namespace {

void check_numbers(const char* text, std::size_t length) {
  char out[CSV_VALUE_ROOM];
  int truth;
  csv_parse_logical(text, length, &truth);
  std::int64_t whole, whole_again;
  if (csv_parse_integer(text, length, &whole)) {
    PROMISE(csv_is_integer(text, length));
    const std::size_t size = csv_format_integer(whole, out);
    PROMISE(size <= CSV_VALUE_ROOM && csv_parse_integer(out, size, &whole_again) && whole_again == whole);
  }
  double value, again;
  if (csv_parse_double(text, length, &value)) {
    const std::size_t size = csv_format_double(value, out);
    PROMISE(size <= CSV_VALUE_ROOM && csv_parse_double(out, size, &again));
    PROMISE(std::isnan(value) ? std::isnan(again) : std::memcmp(&value, &again, sizeof value) == 0);
  }
}

void check_times(const char* text, std::size_t length) {
  char out[CSV_VALUE_ROOM];
  std::int64_t days, days_again;
  if (csv_parse_date(text, length, &days)) {
    const std::size_t size = csv_format_date(days, out);
    PROMISE(size <= CSV_VALUE_ROOM && csv_parse_date(out, size, &days_again) && days_again == days);
  }
  std::int64_t seconds, seconds_again;
  std::int32_t nanoseconds, nanoseconds_again;
  int zone;
  if (!csv_parse_time(text, length, &seconds, &nanoseconds, &zone)) return;
  const std::size_t size = csv_format_time(seconds, nanoseconds, 1, out);
  PROMISE(size <= CSV_VALUE_ROOM);
  PROMISE(csv_parse_time(out, size, &seconds_again, &nanoseconds_again, &zone));
  PROMISE(seconds_again == seconds && nanoseconds_again == nanoseconds);
  csv_split_seconds(csv_seconds(seconds, nanoseconds), &seconds, &nanoseconds);
}

void check_cell(const csv_cell& cell) {
  check_numbers(cell.text, cell.length);
  check_times(cell.text, cell.length);
  if (!cell.escaped) return;
  const auto room = std::make_unique<char[]>(cell.length + 1);  // as csv-read.c makes it
  PROMISE(csv_unescape(&cell, room.get()) <= cell.length + 1);
}

// Numbers of any bits, not only those that a text gives.
void check_bits(const std::uint8_t* data, std::size_t size) {
  char out[CSV_VALUE_ROOM];
  if (size < 8) return;
  double value;
  std::int64_t whole;
  std::memcpy(&value, data, 8);
  std::memcpy(&whole, data, 8);
  double again;
  PROMISE(csv_parse_double(out, csv_format_double(value, out), &again));
  PROMISE(std::isnan(value) ? std::isnan(again) : std::memcmp(&value, &again, sizeof value) == 0);
  csv_format_integer(whole, out);
  std::int64_t seconds;
  std::int32_t nanoseconds;
  // The writer refuses what is not finite or beyond the years it can write.
  if (!std::isfinite(value) || std::fabs(value) > 1e11) return;
  csv_split_seconds(value, &seconds, &nanoseconds);
  PROMISE(nanoseconds >= 0 && nanoseconds < 1000000000);
  PROMISE(csv_format_time(seconds, nanoseconds, 1, out) <= CSV_VALUE_ROOM);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_bits(data, size);
  const char* text = reinterpret_cast<const char*>(data);
  csv_not_utf8(text, size);
  check_numbers(text, size);
  check_times(text, size);
  for (const char separator : {',', '\t'}) {
    const char* at = text;
    csv_end end = CSV_SEPARATOR;
    csv_cell cell;
    while (end == CSV_SEPARATOR || end == CSV_LINE_END) {
      end = csv_next(&at, text + size, separator, &cell);
      if (end == CSV_UNCLOSED) break;
      PROMISE(at <= text + size);
      check_cell(cell);
    }
  }
  return 0;
}
