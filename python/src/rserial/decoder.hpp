// The walk over one serialization, whatever the reader: a stack of tasks, so that input never recurses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "altrep.hpp"
#include "decode.hpp"
#include "failure.hpp"
#include "judge.hpp"
#include "node.hpp"
#include "sexp.hpp"
#include "strings.hpp"
#include "text.hpp"
#include "vectors.hpp"

namespace rserial {

// Deeper nesting than any data has; the stack is ours, so this bounds work, not the C stack.
inline constexpr std::size_t kDepthLimit = 10000;
// Bytes that the compact forms of one value together may expand to, besides some for each byte that is there.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
inline constexpr std::int64_t kCompactBudget = std::int64_t{1} << 16;
#else
inline constexpr std::int64_t kCompactBudget = std::int64_t{1} << 30;
#endif
inline constexpr std::int64_t kCompactBudgetPerByte = 16;

enum class Step : std::uint8_t {
  item,        // read one item into a slot
  element,     // go on with a list's next element
  cell,        // go on with a pairlist's next cell
  first_tag,   // read the tag of a first cell whose attributes have been read
  attributes,  // read the attributes of a vector
  altrep,      // expand what has been read
  close,       // look at a finished value
};

inline constexpr std::int64_t kAttributesSlot = -1;

struct Task {
  Step step;
  bool has_tag;
  bool is_attributes;  // cell: the pairlist holds somebody's attributes
  Node* node;          // item: the parent, nullptr for the root
  std::int64_t index;  // item: slot in the parent; element: the next element
};

template <class Reader>
class Decoder {
 public:
  // `origin` is the offset of what the reader counts from, in what errors speak of.
  Decoder(Reader reader, std::int64_t origin, std::size_t narrow_text)
      : in_(std::move(reader)),
        strings_(narrow_text),
        origin_(origin),
        tree_(std::make_shared<Tree>()),
        compact_budget_(kCompactBudget + kCompactBudgetPerByte * static_cast<std::int64_t>(in_.left())) {
    null_ = tree_->add(Kind::null);
  }

  Decoded run() {
    try {
      header();
      push({Step::item, false, false, nullptr, 0});
      while (!tasks_.empty()) {
        const Task task = tasks_.back();
        tasks_.pop_back();
        step(task);
      }
    } catch (const DecodeFailure& failure) {
      throw DecodeFailure(located(failure.what()));
    } catch (const UnsafeFailure& failure) {
      throw UnsafeFailure(located(failure.what()));
    }
    return {tree_, root_};
  }

 private:
  void header() {
    const std::int32_t version = in_.integer();
    if (version != 2 && version != 3) {
      throw DecodeFailure("serialization version " + std::to_string(version) + " is not 2 or 3");
    }
    in_.integer();  // the version of R that wrote it
    in_.integer();  // the oldest version of R that reads it
    if (version == 3) {
      const std::int32_t size = in_.integer();
      if (size < 0 || size > 64)
        throw DecodeFailure("a native encoding's name of " + std::to_string(size) + " bytes");
      const std::uint8_t* name = in_.text(static_cast<std::size_t>(size), scratch_);
      strings_.set_native_encoding({reinterpret_cast<const char*>(name), static_cast<std::size_t>(size)});
    }
  }

  void push(const Task& task) {
    if (tasks_.size() >= kDepthLimit) throw DecodeFailure("values nested too deeply");
    tasks_.push_back(task);
  }

  void place(Node* parent, std::int64_t index, Node* node) {
    if (parent == nullptr) {
      root_ = node;
    } else if (index == kAttributesSlot) {
      parent->attributes = node;
    } else {
      parent->children[static_cast<std::size_t>(index)] = node;
    }
  }

  void step(const Task& task) {
    switch (task.step) {
      case Step::item: read_item(task.node, task.index); break;
      case Step::element:
        if (task.index < task.node->length) {
          --claimed_;
          push({Step::element, false, false, task.node, task.index + 1});
          push({Step::item, false, false, task.node, task.index});
        }
        break;
      case Step::cell: next_cell(task); break;
      case Step::first_tag: cell_body(task.node, task.has_tag, task.is_attributes); break;
      case Step::attributes: push({Step::item, false, false, task.node, kAttributesSlot}); break;
      case Step::altrep:
        --open_altreps_;
        expand_altrep(*task.node, compact_budget_);
        break;
      case Step::close: close(*task.node); break;
    }
  }

  void read_item(Node* parent, std::int64_t index) {
    const std::int32_t flags = in_.integer();
    const int type = flags & 0xFF;
    switch (type) {
      case kNil:
      case kNilValue: place(parent, index, null_); return;
      case kSymbol: place(parent, index, read_symbol()); return;
      case kReference: place(parent, index, read_reference(flags)); return;
      case kGlobalEnvironment: place(parent, index, environment("global")); return;
      case kEmptyEnvironment: place(parent, index, environment("empty")); return;
      case kBaseEnvironment: place(parent, index, environment("base")); return;
      case kMissingArgument:
        if (open_calls_ == 0) throw DecodeFailure("a missing argument outside a call");
        place(parent, index, environment("missing"));
        return;
      case kPairlist:
      case kAttributedPairlist: begin_pairlist(Kind::pairlist, flags, parent, index); return;
      case kLanguage: begin_pairlist(Kind::language, flags, parent, index); return;
      case kExternalPointer:
      case kWeakReference: begin_pointer(type, flags, parent, index); return;
      case kAltrep: begin_altrep(flags, parent, index); return;
      default: break;
    }
    if (const char* name = refused_name(type)) throw UnsafeFailure(name);
    begin_vector(type, flags, parent, index);
  }

  // ---- values that other values may refer to

  Node* environment(const char* name) {
    Node* node = tree_->add(Kind::environment);
    node->text = name;
    return node;
  }

  Node* read_symbol() {
    const std::int32_t flags = in_.integer();
    if ((flags & 0xFF) != kChar) throw DecodeFailure("a symbol without a name");
    const std::int32_t size = in_.integer();
    Node* node = tree_->add(Kind::symbol);
    if (size == -1) {
      node->text = "NA";
    } else if (size < 0) {
      throw DecodeFailure("a symbol's name of negative length");
    } else {
      const std::uint8_t* name = in_.text(static_cast<std::size_t>(size), scratch_);
      node->text.assign(reinterpret_cast<const char*>(name), static_cast<std::size_t>(size));
      if (!is_utf8(name, static_cast<std::size_t>(size))) {
        node->text = latin1_to_utf8(name, static_cast<std::size_t>(size));
      }
    }
    references_.push_back(node);
    return node;
  }

  Node* read_reference(std::int32_t flags) {
    std::int64_t index = static_cast<std::uint32_t>(flags) >> 8;
    if (index == 0) index = in_.integer();
    if (index < 1 || index > static_cast<std::int64_t>(references_.size())) {
      throw DecodeFailure("reference " + std::to_string(index) + " of " + std::to_string(references_.size()));
    }
    return references_[static_cast<std::size_t>(index - 1)];
  }

  void begin_pointer(int type, std::int32_t flags, Node* parent, std::int64_t index) {
    Node* node = tree_->add(Kind::pointer);
    place(parent, index, node);
    references_.push_back(node);
    push({Step::close, false, false, node, 0});
    if (flags & kHasAttributes) push({Step::attributes, false, false, node, 0});
    if (type == kExternalPointer) begin_elements(*node, 2);  // what it protects, and its tag
  }

  // Why counted over all open lists: each may claim the same bytes, and room for every claim is made at once.
  void begin_elements(Node& node, std::int64_t length) {
    const auto room = static_cast<std::int64_t>(in_.left() / Reader::kIntegerSize) - claimed_;
    if (length > room) {
      throw DecodeFailure("length " + std::to_string(length) + " exceeds the " + std::to_string(in_.left()) +
                          " bytes left");
    }
    claimed_ += length;
    node.length = length;
    node.children.assign(static_cast<std::size_t>(length), null_);
    push({Step::element, false, false, &node, 0});
  }

  // ---- pairlists and calls: a loop over cells, one open task however long

  void begin_pairlist(Kind kind, std::int32_t flags, Node* parent, std::int64_t index) {
    Node* node = tree_->add(kind);
    node->object = (flags & kIsObject) != 0;
    node->levels = static_cast<int>(static_cast<std::uint32_t>(flags) >> kLevelsShift);
    place(parent, index, node);
    push({Step::close, false, false, node, 0});
    if (kind == Kind::language) ++open_calls_;
    const bool is_attributes = parent != nullptr && index == kAttributesSlot;
    const bool has_tag = (flags & kHasTag) != 0;
    if (flags & kHasAttributes) {
      push({Step::first_tag, has_tag, is_attributes, node, 0});
      push({Step::attributes, false, false, node, 0});
    } else {
      cell_body(node, has_tag, is_attributes);
    }
  }

  void cell_body(Node* node, bool has_tag, bool is_attributes) {
    Node* tag = nullptr;
    if (has_tag) {
      const std::int32_t flags = in_.integer();
      if ((flags & 0xFF) == kSymbol) {
        tag = read_symbol();
      } else if ((flags & 0xFF) == kReference) {
        tag = read_reference(flags);
        if (tag->kind != Kind::symbol) throw DecodeFailure("a tag that is no symbol");
      } else if ((flags & 0xFF) != kNilValue) {
        throw DecodeFailure("a tag that is no symbol");
      }
    }
    node->tags.push_back(tag);
    node->children.push_back(null_);
    node->length = static_cast<std::int64_t>(node->children.size());
    push({Step::cell, false, is_attributes, node, 0});
    push({Step::item, false, false, node, node->length - 1});
  }

  void next_cell(const Task& task) {
    const std::int32_t flags = in_.integer();
    const int type = flags & 0xFF;
    if (type == kNilValue || type == kNil) return;
    if (type == kInteger && open_altreps_ > 0) return dotted_tail(task.node, flags);
    if (type != kPairlist && !(type == kLanguage && task.node->kind == Kind::language)) {
      if (const char* name = refused_name(type)) throw UnsafeFailure(name);
      throw DecodeFailure("a pairlist that ends in type " + std::to_string(type));
    }
    if (flags & kHasAttributes) throw DecodeFailure("attributes in the middle of a pairlist");
    cell_body(task.node, (flags & kHasTag) != 0, task.is_attributes);
  }

  // Why: a deferred string keeps its state as one cell of numbers whose tail is an option, not a list.
  void dotted_tail(Node* node, std::int32_t flags) {
    node->tags.push_back(nullptr);
    node->children.push_back(null_);
    node->length = static_cast<std::int64_t>(node->children.size());
    begin_vector(kInteger, flags, node, node->length - 1);
  }

  // ---- vectors

  void begin_altrep(std::int32_t flags, Node* parent, std::int64_t index) {
    Node* node = tree_->add(Kind::altrep);
    node->object = (flags & kIsObject) != 0;
    node->levels = static_cast<int>(static_cast<std::uint32_t>(flags) >> kLevelsShift);
    place(parent, index, node);
    ++open_altreps_;
    push({Step::close, false, false, node, 0});
    push({Step::altrep, false, false, node, 0});
    begin_elements(*node, 3);
  }

  void begin_vector(int type, std::int32_t flags, Node* parent, std::int64_t index) {
    Node* node = tree_->add();
    node->object = (flags & kIsObject) != 0;
    node->levels = static_cast<int>(static_cast<std::uint32_t>(flags) >> kLevelsShift);
    place(parent, index, node);
    push({Step::close, false, false, node, 0});
    if (flags & kHasAttributes) push({Step::attributes, false, false, node, 0});
    switch (type) {
      case kLogical: read_logicals(in_, *node); break;
      case kInteger: read_integers(in_, *node); break;
      case kReal: read_reals(in_, *node); break;
      case kComplex: read_complex(in_, *node); break;
      case kString: strings_.read(in_, *node); break;
      case kRaw: read_raw(in_, *node); break;
      case kList: begin_list(*node); break;
      case kS4: node->kind = Kind::s4; break;
      default: throw DecodeFailure("type " + std::to_string(type) + " is no data");
    }
  }

  void begin_list(Node& node) {
    node.kind = Kind::list;
    begin_elements(node, vector_length(in_, Reader::kIntegerSize));
  }

  // ---- finished values

  void close(Node& node) {
    if (node.attributes != nullptr) {
      if (node.attributes->kind == Kind::null) {
        node.attributes = nullptr;
      } else if (node.attributes->kind != Kind::pairlist) {
        throw DecodeFailure("attributes that are no pairlist");
      } else {
        drop_pointers(*node.attributes);
      }
    }
    if (node.kind == Kind::language && --open_calls_ == 0) check_formula(node);
  }

  // ---- where it happened

  std::string located(const std::string& problem) const {
    std::string trail;
    for (const Task& task : tasks_) {
      if (task.step == Step::element && task.node->kind == Kind::list) {
        trail += "element " + std::to_string(task.index) + ", ";
      } else if (task.step == Step::cell && !task.node->tags.empty() && task.node->tags.back() != nullptr) {
        trail += (task.is_attributes ? "attribute '" : "object '") + task.node->tags.back()->text + "', ";
      }
    }
    if (strings_.current() >= 0) trail += "string " + std::to_string(strings_.current() + 1) + ", ";
    if (!trail.empty()) trail.replace(trail.size() - 2, 2, ": ");
    return trail + problem + " (offset " + std::to_string(static_cast<std::int64_t>(in_.offset()) + origin_) +
           ")";
  }

  Reader in_;
  StringReader<Reader> strings_;
  std::int64_t origin_;
  TreePtr tree_;
  Node* null_ = nullptr;
  Node* root_ = nullptr;
  std::vector<Task> tasks_;
  std::vector<Node*> references_;
  std::string scratch_;
  int open_calls_ = 0;  // formulas are calls within calls; only the outermost is judged
  int open_altreps_ = 0;
  std::int64_t claimed_ = 0;  // elements that the open lists still wait for
  std::int64_t compact_budget_;
};

}  // namespace rserial
