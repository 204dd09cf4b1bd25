#include "altrep.hpp"

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "failure.hpp"
#include "sexp.hpp"
#include "text.hpp"

namespace rserial {

namespace {

double real_at(const Node& node, std::int64_t i) {
  double value;
  std::memcpy(&value, node.values->data() + i * 8, 8);
  return value;
}

struct KnownClass {
  const char* name;
  Kind kind;
  int type;
};

// Those of R's altclasses.c that hold data; mmap_* would map a file of this machine.
constexpr KnownClass kKnown[] = {
    {"compact_intseq", Kind::integer, kInteger}, {"compact_realseq", Kind::real, kReal},
    {"deferred_string", Kind::string, kString},  {"wrap_logical", Kind::logical, kLogical},
    {"wrap_integer", Kind::integer, kInteger},   {"wrap_real", Kind::real, kReal},
    {"wrap_complex", Kind::complex, kComplex},   {"wrap_raw", Kind::raw, kRaw},
    {"wrap_string", Kind::string, kString},      {"wrap_list", Kind::list, kList},
};

const KnownClass& class_of(const Node& info) {
  if (info.kind != Kind::pairlist || info.children.size() != 3 || info.children[0]->kind != Kind::symbol ||
      info.children[1]->kind != Kind::symbol) {
    throw DecodeFailure("an ALTREP form without class and package");
  }
  if (info.children[1]->text != "base") {
    throw UnsafeFailure("an ALTREP class of package '" + info.children[1]->text + "'");
  }
  const Node& type = *info.children[2];
  for (const KnownClass& known : kKnown) {
    if (info.children[0]->text != known.name) continue;
    if (type.kind != Kind::integer || type.length != 1 || type.values->as<std::int32_t>()[0] != known.type) {
      throw DecodeFailure("an ALTREP form that claims another type than its class has");
    }
    return known;
  }
  throw UnsafeFailure("the ALTREP class '" + info.children[0]->text + "'");
}

void spend(std::int64_t& budget, std::int64_t bytes) {
  if (bytes > budget) throw DecodeFailure("compact forms that expand to too much");
  budget -= bytes;
}

void expand_sequence(Node& node, const Node& state, bool integers, std::int64_t& budget) {
  if (state.kind != Kind::real || state.length != 3)
    throw DecodeFailure("a compact sequence without its bounds");
  const double count = real_at(state, 0);
  const double first = real_at(state, 1);
  const double step = real_at(state, 2);
  if (!(count >= 0) || count != std::floor(count))
    throw DecodeFailure("a compact sequence of no valid length");
  const std::int64_t width = integers ? 4 : 8;
  if (count > static_cast<double>(budget / width)) {
    throw DecodeFailure("a compact sequence of " + number_text(count) + " elements is too long");
  }
  if (step != 1 && step != -1) throw DecodeFailure("a compact sequence with a step other than 1 or -1");
  const auto length = static_cast<std::int64_t>(count);
  budget -= length * width;
  const double last = first + step * (count - 1);
  if (integers && length > 0 && (!(std::fabs(first) <= INT32_MAX) || !(std::fabs(last) <= INT32_MAX))) {
    throw DecodeFailure("a compact sequence that leaves the integers");
  }
  node.kind = integers ? Kind::integer : Kind::real;
  node.length = length;
  node.values = std::make_shared<Buffer>(static_cast<std::size_t>(length * width) + 8);
  for (std::int64_t i = 0; i < length; ++i) {
    const double value = first + step * static_cast<double>(i);
    if (integers) {
      node.values->as<std::int32_t>()[i] = static_cast<std::int32_t>(value);
    } else {
      node.values->as<double>()[i] = value;
    }
  }
}

// 32-bit offsets where they reach, as for any other text: the Arrow type must not tell the compact form.
void set_offsets(Node& node, const std::vector<std::int64_t>& ends) {
  node.wide_offsets = !ends.empty() && ends.back() > INT32_MAX;
  node.offsets = std::make_shared<Buffer>((ends.size() + 1) * (node.wide_offsets ? 8 : 4));
  std::memset(node.offsets->data(), 0, node.wide_offsets ? 8 : 4);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (node.wide_offsets) {
      node.offsets->as<std::int64_t>()[i + 1] = ends[i];
    } else {
      node.offsets->as<std::int32_t>()[i + 1] = static_cast<std::int32_t>(ends[i]);
    }
  }
}

// What the bookkeeping of a text takes, and the time that the text of a double takes, in bytes of the budget.
constexpr std::int64_t kTextCost = 16;
constexpr std::int64_t kRealTextCost = 64;

void expand_deferred_string(Node& node, const Node& state, std::int64_t& budget) {
  const Node* source = state.kind == Kind::pairlist && !state.children.empty() ? state.children[0] : nullptr;
  if (source == nullptr || (source->kind != Kind::integer && source->kind != Kind::real)) {
    throw DecodeFailure("a deferred string without its numbers");
  }
  // Its tail is the option scipen that as.character() ran under (R's R_DeferredStringState).
  const Node* option = state.children.size() > 1 ? state.children[1] : nullptr;
  const bool has_option =
      option != nullptr && option->kind == Kind::integer && option->length == 1 && option->valid(0);
  const std::int32_t scipen = has_option ? option->values->as<std::int32_t>()[0] : 0;
  node.kind = Kind::string;
  node.length = source->length;
  spend(budget, node.length * (source->kind == Kind::integer ? kTextCost : kRealTextCost));
  std::vector<std::int64_t> ends;
  ends.reserve(static_cast<std::size_t>(node.length));
  node.values = std::make_shared<Buffer>(64);
  std::size_t at = 0;
  for (std::int64_t i = 0; i < node.length; ++i) {
    if (!source->valid(i)) {
      mark_missing(node, i);
    } else {
      const std::string text = source->kind == Kind::integer
                                   ? std::to_string(source->values->as<std::int32_t>()[i])
                                   : number_text(real_at(*source, i), scipen);
      spend(budget, static_cast<std::int64_t>(text.size()));
      if (at + text.size() > node.values->capacity()) node.values->grow((at + text.size()) * 2);
      std::memcpy(node.values->data() + at, text.data(), text.size());
      at += text.size();
    }
    ends.push_back(static_cast<std::int64_t>(at));
  }
  set_offsets(node, ends);
}

void take_wrapped(Node& node, Node& state, Kind kind) {
  const bool fits = (state.kind == Kind::list || state.kind == Kind::pairlist) && !state.children.empty();
  if (!fits) throw DecodeFailure("a wrapped vector without the vector");
  if (state.children[0]->kind != kind)
    throw DecodeFailure("a wrapped vector of another type than its class has");
  const Node wrapper = node;
  Node& wrapped = *state.children[0];
  node = std::move(wrapped);  // Why: wrappers of wrappers would copy a list at every level
  wrapped = Node{};
  node.attributes = wrapper.attributes;
  node.object = wrapper.object;
  node.levels = wrapper.levels;
}

}  // namespace

void expand_altrep(Node& node, std::int64_t& budget) {
  const KnownClass& known = class_of(*node.children[0]);
  const std::string name = known.name;
  Node& state = *node.children[1];
  Node* attributes = node.children[2];
  node.attributes = attributes->kind == Kind::pairlist ? attributes : nullptr;
  node.children.clear();
  if (name == "compact_intseq" || name == "compact_realseq") {
    expand_sequence(node, state, name == "compact_intseq", budget);
  } else if (name == "deferred_string") {
    expand_deferred_string(node, state, budget);
  } else {
    take_wrapped(node, state, known.kind);
  }
}

}  // namespace rserial
