#include "kernels.hpp"

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "failure.hpp"
#include "sexp.hpp"

namespace rserial {

namespace {

Node* new_vector(Tree& tree, Kind kind, std::int64_t length, std::size_t width) {
  Node* node = tree.add(kind);
  node->length = length;
  node->values = std::make_shared<Buffer>(static_cast<std::size_t>(length) * width + 8);
  return node;
}

void lose(Loss& loss, std::int64_t i) {
  if (loss.count++ == 0) loss.first = i;
}

double back(std::int64_t count, std::int64_t ticks) {
  std::int64_t whole = count / ticks;
  std::int64_t rest = count % ticks;
  if (rest < 0) {
    whole -= 1;
    rest += ticks;
  }
  return static_cast<double>(whole) + static_cast<double>(rest) / static_cast<double>(ticks);
}

}  // namespace

Node* to_ticks(Tree& tree, const Node& values, std::int64_t ticks, std::int64_t limit, Loss& loss) {
  if (values.kind != Kind::real || ticks < 1) throw std::invalid_argument("to_ticks takes doubles");
  Node* out = new_vector(tree, Kind::real, values.length, 8);
  out->integer64 = true;
  const double* in = values.values ? values.values->as<double>() + values.offset : nullptr;
  auto* counts = out->values->as<std::int64_t>();
  const double largest = static_cast<double>(limit) / static_cast<double>(ticks);
  for (std::int64_t i = 0; i < values.length; ++i) {
    counts[i] = 0;
    if (!values.valid(i)) {
      mark_missing(*out, i);
      continue;
    }
    const double value = in[i];
    if (!(std::fabs(value) <= largest)) {
      mark_missing(*out, i);
      lose(loss, i);
      continue;
    }
    const double whole = std::floor(value);
    const double scaled = std::nearbyint((value - whole) * static_cast<double>(ticks));
    // Why checked: at the very end of the range the two parts may add up past it.
    std::int64_t sum;
    if (__builtin_mul_overflow(static_cast<std::int64_t>(whole), ticks, &sum) ||
        __builtin_add_overflow(sum, static_cast<std::int64_t>(scaled), &sum) || sum > limit || sum < -limit) {
      mark_missing(*out, i);
      lose(loss, i);
      continue;
    }
    counts[i] = sum;
    if (back(sum, ticks) != value || (value == 0 && std::signbit(value))) lose(loss, i);
  }
  return out;
}

Node* from_ticks(Tree& tree, const Node& values, std::int64_t ticks, Loss& loss) {
  if (!values.integer64 || ticks < 1) throw std::invalid_argument("from_ticks takes 64-bit integers");
  Node* out = new_vector(tree, Kind::real, values.length, 8);
  const std::int64_t* in = values.values ? values.values->as<std::int64_t>() + values.offset : nullptr;
  auto* doubles = out->values->as<double>();
  for (std::int64_t i = 0; i < values.length; ++i) {
    if (!values.valid(i)) {
      const std::uint64_t missing = kNaReal;
      std::memcpy(&doubles[i], &missing, 8);
      mark_missing(*out, i);
      continue;
    }
    const double value = back(in[i], ticks);
    doubles[i] = value;
    const double whole = std::floor(value);
    const double rest = std::nearbyint((value - whole) * static_cast<double>(ticks));
    std::int64_t again;
    // Why 2^62: the cast must stay within int64 where one tick is one unit.
    if (std::fabs(whole) > 0x1p62 || __builtin_mul_overflow(static_cast<std::int64_t>(whole), ticks, &again) ||
        __builtin_add_overflow(again, static_cast<std::int64_t>(rest), &again) || again != in[i]) {
      lose(loss, i);
    }
  }
  return out;
}

Node* to_integer64(Tree& tree, const Node& values) {
  if (values.kind != Kind::real) throw std::invalid_argument("integer64 is kept in doubles");
  Node* out = tree.add(Kind::real);
  out->integer64 = true;
  out->length = values.length;
  out->offset = values.offset;
  out->values = values.values;
  const std::int64_t* bits = values.values->as<std::int64_t>() + values.offset;
  for (std::int64_t i = 0; i < values.length; ++i) {
    if (bits[i] == kNaInteger64) {
      if (out->offset != 0) throw std::invalid_argument("integer64 takes a whole vector");
      mark_missing(*out, i);
    }
  }
  return out;
}

Node* to_indices(Tree& tree, const Node& codes, std::int64_t levels) {
  if (codes.kind != Kind::integer) throw DecodeFailure("a factor's codes are no integers");
  Node* out = new_vector(tree, Kind::integer, codes.length, 4);
  const std::int32_t* in = codes.values->as<std::int32_t>() + codes.offset;
  auto* indices = out->values->as<std::int32_t>();
  for (std::int64_t i = 0; i < codes.length; ++i) {
    if (!codes.valid(i)) {
      indices[i] = 0;
      mark_missing(*out, i);
      continue;
    }
    if (in[i] < 1 || in[i] > levels) {
      throw DecodeFailure("factor code " + std::to_string(in[i]) + " of " + std::to_string(levels) + " levels, row " +
                          std::to_string(i + 1));
    }
    indices[i] = in[i] - 1;
  }
  return out;
}

}  // namespace rserial
