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

constexpr double kExact = 0x1p53;  // below it every whole double is an exact integer

// Split towards zero, so that a small negative amount keeps its own precision.
double join(std::int64_t count, std::int64_t ticks) {
  return static_cast<double>(count / ticks) + static_cast<double>(count % ticks) / static_cast<double>(ticks);
}

// Scales a double whose whole part lies within int64; false where the sum leaves `limit`.
// Why no floor() and nearbyint(): without SSE4.1 each is a call, and this runs for every value.
bool scale(double value, std::int64_t ticks, std::int64_t limit, std::int64_t& sum) {
  const auto whole = static_cast<std::int64_t>(value);
  const double rest = (value - static_cast<double>(whole)) * static_cast<double>(ticks);
  const double nearest = rest < 0 ? rest - 0.5 : rest + 0.5;
  return !__builtin_mul_overflow(whole, ticks, &sum) &&
         !__builtin_add_overflow(sum, static_cast<std::int64_t>(nearest), &sum) && sum <= limit &&
         sum >= -limit;
}

}  // namespace

Node* to_ticks(Tree& tree, const Node& values, std::int64_t ticks, std::int64_t limit, Loss& loss) {
  if (values.kind != Kind::real || ticks < 1) throw std::invalid_argument("to_ticks takes doubles");
  Node* out = new_vector(tree, Kind::real, values.length, 8);
  out->integer64 = true;
  const double* in = values.values ? values.values->as<double>() + values.offset : nullptr;
  auto* counts = out->values->as<std::int64_t>();
  const bool some_missing = values.null_count != 0;
  const double largest = static_cast<double>(limit) / static_cast<double>(ticks);
  const double largest_whole = std::fmin(std::floor(largest), kExact);
  for (std::int64_t i = 0; i < values.length; ++i) {
    const double value = in[i];
    if (!some_missing || values.valid(i)) {
      if (std::fabs(value) < largest_whole &&
          static_cast<double>(static_cast<std::int64_t>(value)) == value) {
        counts[i] = static_cast<std::int64_t>(value) * ticks;
        continue;
      }
      if (std::fabs(value) <= std::fmin(largest, 0x1p62) && scale(value, ticks, limit, counts[i])) {
        if (join(counts[i], ticks) != value) lose(loss, i);
        continue;
      }
      lose(loss, i);
    }
    counts[i] = 0;
    mark_missing(*out, i);
  }
  return out;
}

Node* from_ticks(Tree& tree, const Node& values, std::int64_t ticks, Loss& loss) {
  if (!values.integer64 || ticks < 1) throw std::invalid_argument("from_ticks takes 64-bit integers");
  Node* out = new_vector(tree, Kind::real, values.length, 8);
  const std::int64_t* in = values.values ? values.values->as<std::int64_t>() + values.offset : nullptr;
  auto* doubles = out->values->as<double>();
  const bool some_missing = values.null_count != 0;
  for (std::int64_t i = 0; i < values.length; ++i) {
    if (some_missing && !values.valid(i)) {
      const std::uint64_t missing = kNaReal;
      std::memcpy(&doubles[i], &missing, 8);
      mark_missing(*out, i);
      continue;
    }
    doubles[i] = join(in[i], ticks);
    if (in[i] % ticks == 0 && std::fabs(doubles[i]) < kExact) continue;
    std::int64_t again = 0;
    const bool within = std::fabs(doubles[i]) < 0x1p62 && scale(doubles[i], ticks, INT64_MAX, again);
    if (!within || again != in[i]) lose(loss, i);
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
      throw DecodeFailure("factor code " + std::to_string(in[i]) + " of " + std::to_string(levels) +
                          " levels, row " + std::to_string(i + 1));
    }
    indices[i] = in[i] - 1;
  }
  return out;
}

}  // namespace rserial
