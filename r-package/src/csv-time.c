/* Dates and times as CSV text: ISO 8601, the Gregorian calendar without a start. */
#include "csv.h"

#include <math.h>
#include <string.h>

enum { DAY = 86400, BILLION = 1000000000 };
/* Days whose seconds fit 64 bits; years of 12 digits go beyond. */
static const int64_t MOST_DAYS = 100000000000000;

/* Days since 1970-01-01. Source: H. Hinnant, "chrono-compatible low-level date algorithms". */
static int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int *month, int *day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
  *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
  *year = year_of_era + era * 400 + (*month <= 2);
}

static int days_in(int64_t year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap);
}

/* `count` digits at *p, -1 where there are fewer. */
static int64_t digits(const char **p, const char *end, int count) {
  int64_t value = 0;
  for (int i = 0; i < count; i++, (*p)++) {
    if (*p >= end || **p < '0' || **p > '9') return -1;
    value = value * 10 + (**p - '0');
  }
  return value;
}

static int take(const char **p, const char *end, char c) {
  if (*p >= end || **p != c) return 0;
  (*p)++;
  return 1;
}

/* Years have four digits, more where they need them, and a sign before year 0. */
static int read_date(const char **p, const char *end, int64_t *days) {
  int negative = take(p, end, '-');
  int length = 0;
  while (*p + length < end && (*p)[length] >= '0' && (*p)[length] <= '9') length++;
  if (length < 4 || length > 12) return 0;
  int64_t year = digits(p, end, length);
  if (negative) year = -year;
  if (!take(p, end, '-')) return 0;
  int64_t month = digits(p, end, 2);
  if (month < 1 || month > 12 || !take(p, end, '-')) return 0;
  int64_t day = digits(p, end, 2);
  if (day < 1 || day > days_in(year, (int)month)) return 0;
  *days = days_from_civil(year, (int)month, (int)day);
  return 1;
}

int csv_parse_date(const char *text, size_t length, int64_t *days) {
  const char *p = text, *end = text + length;
  return read_date(&p, end, days) && p == end;
}

static int read_clock(const char **p, const char *end, int64_t *seconds, int32_t *nanoseconds) {
  int64_t hour = digits(p, end, 2);
  if (hour < 0 || hour > 23 || !take(p, end, ':')) return 0;
  int64_t minute = digits(p, end, 2);
  if (minute < 0 || minute > 59) return 0;
  int64_t second = 0, fraction = 0;
  if (take(p, end, ':')) {
    second = digits(p, end, 2);
    if (second < 0 || second > 59) return 0;
    if (take(p, end, '.')) {
      int count = 0;
      while (count < 9 && *p < end && **p >= '0' && **p <= '9')
        fraction = fraction * 10 + (*(*p)++ - '0'), count++;
      if (count == 0) return 0;
      for (; count < 9; count++) fraction *= 10;
    }
  }
  *seconds = hour * 3600 + minute * 60 + second;
  *nanoseconds = (int32_t)fraction;
  return 1;
}

/* Z, +HH:MM, +HHMM, +HH, or nothing. */
static int read_zone(const char **p, const char *end, int64_t *offset, int *zone) {
  *offset = 0;
  *zone = *p < end ? CSV_ZONE : CSV_NO_ZONE;
  if (*p == end || take(p, end, 'Z')) return 1;
  int sign = **p == '-' ? -1 : 1;
  if (!take(p, end, '+') && !take(p, end, '-')) return 0;
  int64_t hours = digits(p, end, 2), minutes = 0;
  if (hours < 0 || hours > 23) return 0;
  if (*p < end) {
    take(p, end, ':');
    minutes = digits(p, end, 2);
    if (minutes < 0 || minutes > 59) return 0;
  }
  *offset = sign * (hours * 3600 + minutes * 60);
  return 1;
}

int csv_parse_time(const char *text, size_t length, int64_t *seconds, int32_t *nanoseconds, int *zone) {
  const char *p = text, *end = text + length;
  int64_t days, clock = 0, offset = 0;
  *nanoseconds = 0;
  if (!read_date(&p, end, &days) || days > MOST_DAYS || days < -MOST_DAYS) return 0;
  *zone = CSV_BARE_DATE;
  if (p < end) {
    if (!take(&p, end, ' ') && !take(&p, end, 'T')) return 0;
    if (!read_clock(&p, end, &clock, nanoseconds) || !read_zone(&p, end, &offset, zone)) return 0;
  }
  *seconds = days * DAY + clock - offset;
  return p == end;
}

/* The nearest double. Near 1970 doubles are finer than nanoseconds: one division, rounded once. */
double csv_seconds(int64_t seconds, int32_t nanoseconds) {
  if (seconds > -8388608 && seconds < 8388608) return (double)(seconds * BILLION + nanoseconds) / BILLION;
  return (double)seconds + nanoseconds / 1e9;
}

void csv_split_seconds(double value, int64_t *seconds, int32_t *nanoseconds) {
  double whole = floor(value);
  *seconds = (int64_t)whole;
  *nanoseconds = (int32_t)rint((value - whole) * 1e9);
  if (*nanoseconds == BILLION) {
    *nanoseconds = 0;
    (*seconds)++;
  }
}

static size_t two_digits(int value, char *out) {
  out[0] = (char)('0' + value / 10);
  out[1] = (char)('0' + value % 10);
  return 2;
}

size_t csv_format_date(int64_t days, char *out) {
  int64_t year;
  int month, day;
  civil_from_days(days, &year, &month, &day);
  char text[24];
  size_t length = 0;
  if (year < 0) {
    out[length++] = '-';
    year = -year;
  }
  size_t n = csv_format_integer(year, text);
  for (size_t i = n; i < 4; i++) out[length++] = '0';
  memcpy(out + length, text, n);
  length += n;
  out[length++] = '-';
  length += two_digits(month, out + length);
  out[length++] = '-';
  return length + two_digits(day, out + length);
}

size_t csv_format_time(int64_t seconds, int32_t nanoseconds, int with_fraction, char *out) {
  int64_t days = seconds / DAY, clock = seconds % DAY;
  if (clock < 0) {
    clock += DAY;
    days--;
  }
  size_t length = csv_format_date(days, out);
  out[length++] = ' ';
  length += two_digits((int)(clock / 3600), out + length);
  out[length++] = ':';
  length += two_digits((int)(clock / 60 % 60), out + length);
  out[length++] = ':';
  length += two_digits((int)(clock % 60), out + length);
  if (with_fraction) {
    out[length++] = '.';
    for (int32_t unit = BILLION / 10; unit > 0; unit /= 10)
      out[length++] = (char)('0' + nanoseconds / unit % 10);
  }
  return length;
}
