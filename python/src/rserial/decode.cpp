#include "decode.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "altrep.hpp"
#include "reader.hpp"
#include "sexp.hpp"
#include "text.hpp"

namespace rserial {

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::null: return "null";
    case Kind::symbol: return "symbol";
    case Kind::pairlist: return "pairlist";
    case Kind::language: return "language";
    case Kind::environment: return "environment";
    case Kind::logical: return "logical";
    case Kind::integer: return "integer";
    case Kind::real: return "double";
    case Kind::complex: return "complex";
    case Kind::string: return "character";
    case Kind::list: return "list";
    case Kind::raw: return "raw";
    case Kind::s4: return "S4";
    case Kind::pointer: return "pointer";
    case Kind::altrep: return "altrep";
  }
  return "unknown";
}

namespace {

// Deeper nesting than any data has; the stack is ours, so this bounds work, not the C stack.
constexpr std::size_t kDepthLimit = 10000;
// Bytes that the compact forms of one value together may expand to, besides some for each byte that is there.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr std::int64_t kCompactBudget = std::int64_t{1} << 16;
#else
constexpr std::int64_t kCompactBudget = std::int64_t{1} << 30;
#endif
constexpr std::int64_t kCompactBudgetPerByte = 16;

const char* refused_name(int type) {
  switch (type) {
    case kClosure: return "a function (closure)";
    case kEnvironment: return "an environment";
    case kPromise: return "a promise";
    case kSpecial:
    case kBuiltin: return "a built-in function";
    case kDots: return "a '...' object";
    case kExpression: return "an expression vector";
    case kBytecode:
    case kBytecodeReference:
    case kBytecodeReferenceDef: return "byte code";
    case kPersistent: return "a persistent reference";
    case kPackage: return "a package to attach";
    case kNamespace:
    case kBaseNamespace: return "a namespace to load";
    case kAttributedLanguage: return "a call";
    default: return nullptr;
  }
}

enum class Step : std::uint8_t {
  item,        // read one item into a slot
  element,     // go on with a list's next element
  cell,        // go on with a pairlist's next cell
  first_tag,   // read the tag of a first cell whose attributes have been read
  attributes,  // read the attributes of a vector
  altrep,      // expand what has been read
  close,       // look at a finished value
};

constexpr std::int64_t kAttributesSlot = -1;

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
  Decoder(Reader reader, std::int64_t origin)
      : in_(std::move(reader)),
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
      native_encoding_.assign(reinterpret_cast<const char*>(name), static_cast<std::size_t>(size));
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
      case kLogical: read_logicals(*node); break;
      case kInteger: read_integers(*node); break;
      case kReal: read_reals(*node); break;
      case kComplex: read_complex(*node); break;
      case kString: read_strings(*node); break;
      case kRaw: read_raw(*node); break;
      case kList: begin_list(*node); break;
      case kS4: node->kind = Kind::s4; break;
      default: throw DecodeFailure("type " + std::to_string(type) + " is no data");
    }
  }

  // The length of a vector whose elements take at least `size` bytes each.
  std::int64_t vector_length(std::size_t size) {
    std::int64_t length = in_.integer();
    if (length == -1) {  // a long vector: two words
      const auto high = static_cast<std::uint32_t>(in_.integer());
      const auto low = static_cast<std::uint32_t>(in_.integer());
      if (high > 65536) throw DecodeFailure("a vector's length of " + std::to_string(high) + " * 2^32");
      length = static_cast<std::int64_t>((static_cast<std::uint64_t>(high) << 32) | low);
    }
    if (length < 0) throw DecodeFailure("a negative length");
    if (static_cast<std::uint64_t>(length) > in_.left() / size) {
      throw DecodeFailure("length " + std::to_string(length) + " exceeds the " + std::to_string(in_.left()) +
                          " bytes left");
    }
    return length;
  }

  void read_logicals(Node& node) {
    node.kind = Kind::logical;
    node.length = vector_length(Reader::kIntegerSize);
    const auto length = static_cast<std::size_t>(node.length);
    node.values = std::make_shared<Buffer>((length + 7) / 8 + 8);
    std::vector<std::int32_t> block(std::min<std::size_t>(length, 4096));
    for (std::size_t done = 0; done < length; done += block.size()) {
      const std::size_t count = std::min(block.size(), length - done);
      const bool missing = in_.integers(block.data(), count);
      for (std::size_t byte = 0; byte * 8 < count; ++byte) {
        unsigned bits = 0;
        for (std::size_t k = 0; k < 8 && byte * 8 + k < count; ++k) {
          bits |= static_cast<unsigned>(block[byte * 8 + k] != 0) << k;
        }
        node.values->data()[done / 8 + byte] = static_cast<std::uint8_t>(bits);
      }
      if (!missing) continue;
      for (std::size_t i = 0; i < count; ++i) {
        if (block[i] == kNaInteger) mark_missing(node, static_cast<std::int64_t>(done + i));
      }
    }
  }

  void read_integers(Node& node) {
    node.kind = Kind::integer;
    node.length = vector_length(Reader::kIntegerSize);
    const auto length = static_cast<std::size_t>(node.length);
    node.values = std::make_shared<Buffer>(length * 4 + 8);
    auto* values = node.values->as<std::int32_t>();
    if (!in_.integers(values, length)) return;
    for (std::size_t i = 0; i < length; ++i) {
      if (values[i] == kNaInteger) mark_missing(node, static_cast<std::int64_t>(i));
    }
  }

  void read_reals(Node& node) {
    node.kind = Kind::real;
    node.length = vector_length(Reader::kRealSize);
    const auto length = static_cast<std::size_t>(node.length);
    node.values = std::make_shared<Buffer>(length * 8 + 8);
    auto* values = node.values->as<std::uint64_t>();
    if (!in_.reals(values, length)) return;
    for (std::size_t i = 0; i < length; ++i) {
      if (is_na_bits(values[i])) mark_missing(node, static_cast<std::int64_t>(i));
    }
  }

  void read_complex(Node& node) {
    node.kind = Kind::complex;
    node.length = vector_length(2 * Reader::kRealSize);
    const auto count = static_cast<std::size_t>(node.length) * 2;
    node.values = std::make_shared<Buffer>(count * 8 + 8);
    auto* values = node.values->as<std::uint64_t>();
    if (!in_.reals(values, count)) return;
    for (std::size_t i = 0; i < count; i += 2) {
      if (is_na_bits(values[i]) || is_na_bits(values[i + 1]))
        mark_missing(node, static_cast<std::int64_t>(i / 2));
    }
  }

  void read_raw(Node& node) {
    node.kind = Kind::raw;
    node.length = vector_length(Reader::kRawSize);
    const auto length = static_cast<std::size_t>(node.length);
    node.values = std::make_shared<Buffer>(length + 8);
    if (length > 0) std::memcpy(node.values->data(), in_.bytes(length), length);
  }

  void begin_list(Node& node) {
    node.kind = Kind::list;
    begin_elements(node, vector_length(Reader::kIntegerSize));
  }

  void read_strings(Node& node) {
    node.kind = Kind::string;
    node.length = vector_length(2 * Reader::kIntegerSize);
    // Why by what is left: text can't be longer, so 32-bit offsets are safe then.
    node.wide_offsets = in_.left() * 2 > static_cast<std::size_t>(INT32_MAX);
    const std::size_t width = node.wide_offsets ? 8 : 4;
    node.offsets = std::make_shared<Buffer>((static_cast<std::size_t>(node.length) + 1) * width);
    // Room for short strings; pages that no text reaches are never touched.
    node.values = std::make_shared<Buffer>(
        std::min(in_.left(), static_cast<std::size_t>(node.length) * Reader::kShort) + 64);
    std::size_t at = 0;
    for (string_ = 0; string_ < node.length; ++string_) {
      set_offset(node, string_, at);
      if (at + Reader::kShort > node.values->capacity()) node.values->grow((at + Reader::kShort) * 2);
      const int size = in_.short_ascii(node.values->data() + at);
      at = size >= 0 ? at + static_cast<std::size_t>(size) : read_string(node, at);
    }
    set_offset(node, node.length, at);
    string_ = -1;
  }

  static void set_offset(Node& node, std::int64_t i, std::size_t at) {
    if (node.wide_offsets) {
      node.offsets->as<std::int64_t>()[i] = static_cast<std::int64_t>(at);
    } else {
      node.offsets->as<std::int32_t>()[i] = static_cast<std::int32_t>(at);
    }
  }

  // Appends one CHARSXP at `at`; returns where its text ends.
  std::size_t read_string(Node& node, std::size_t at) {
    const std::int32_t flags = in_.integer();
    if ((flags & 0xFF) != kChar)
      throw DecodeFailure("type " + std::to_string(flags & 0xFF) + " is no string");
    const std::int32_t claimed = in_.integer();
    if (claimed == -1) {
      mark_missing(node, string_);
      return at;
    }
    if (claimed < 0) throw DecodeFailure("a string of negative length");
    std::size_t size = static_cast<std::size_t>(claimed);
    const std::uint8_t* text = in_.text(size, scratch_);
    std::string converted;
    if (!is_ascii(text, size)) {
      const int levels = static_cast<int>(static_cast<std::uint32_t>(flags) >> kLevelsShift);
      if (to_utf8(node, text, size, levels, converted)) {
        text = reinterpret_cast<const std::uint8_t*>(converted.data());
        size = converted.size();
      }
    }
    if (at + size > node.values->capacity()) node.values->grow((at + size) * 2);
    if (size > 0) std::memcpy(node.values->data() + at, text, size);
    return at + size;
  }

  void mark_undecodable(Node& node, int levels) {
    if (!node.marks) {
      node.undecodable = true;
      node.marks = std::make_shared<Buffer>(static_cast<std::size_t>(node.length));
      std::memset(node.marks->data(), 0, static_cast<std::size_t>(node.length));
    }
    node.marks->data()[string_] = static_cast<std::uint8_t>(levels & (kBytesEncoding | kUtf8Encoding));
  }

  // Fills `converted` and returns true where the text is not UTF-8 as it stands.
  bool to_utf8(Node& node, const std::uint8_t* text, std::size_t size, int levels, std::string& converted) {
    const bool utf8 = is_utf8(text, size);
    if ((levels & kBytesEncoding) || ((levels & kUtf8Encoding) && !utf8)) {
      mark_undecodable(node, levels);
      return false;
    }
    if (levels & kUtf8Encoding) return false;
    if (!(levels & kLatin1Encoding) && utf8 && native_encoding_ != "ISO-8859-1") return false;
    converted = latin1_to_utf8(text, size);
    return true;
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

  // Why: every data.table and readr tibble carries one; it is void in another process.
  static void drop_pointers(Node& attributes) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < attributes.children.size(); ++i) {
      if (attributes.children[i]->kind == Kind::pointer) continue;
      attributes.children[kept] = attributes.children[i];
      attributes.tags[kept++] = attributes.tags[i];
    }
    attributes.children.resize(kept);
    attributes.tags.resize(kept);
    attributes.length = static_cast<std::int64_t>(kept);
  }

  // A formula without an environment of its own is inert; any other call is code.
  static void check_formula(const Node& node) {
    const Node* home = node.attribute(".Environment");
    if (!node.inherits("formula")) throw UnsafeFailure("a call");
    if (home == nullptr || home->kind != Kind::environment || home->text == "missing")
      throw UnsafeFailure("a formula with an environment");
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
    if (string_ >= 0) trail += "string " + std::to_string(string_ + 1) + ", ";
    if (!trail.empty()) trail.replace(trail.size() - 2, 2, ": ");
    return trail + problem + " (offset " + std::to_string(static_cast<std::int64_t>(in_.offset()) + origin_) +
           ")";
  }

  Reader in_;
  std::int64_t origin_;
  TreePtr tree_;
  Node* null_ = nullptr;
  Node* root_ = nullptr;
  std::vector<Task> tasks_;
  std::vector<Node*> references_;
  std::string native_encoding_;
  std::string scratch_;
  std::int64_t string_ = -1;  // the string being read
  int open_calls_ = 0;        // formulas are calls within calls; only the outermost is judged
  int open_altreps_ = 0;
  std::int64_t claimed_ = 0;  // elements that the open lists still wait for
  std::int64_t compact_budget_;
};

}  // namespace

namespace {

template <class Reader>
Decoded decode_with(Reader reader, std::int64_t origin) {
  return Decoder<Reader>(std::move(reader), origin).run();
}

}  // namespace

Decoded decode(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || data[1] != '\n') throw DecodeFailure("no serialization header (offset 0)");
  switch (data[0]) {
    case 'X': return decode_with(BinaryReader<true>(data + 2, size - 2), 2);
    case 'B': return decode_with(BinaryReader<false>(data + 2, size - 2), 2);
    case 'A': return decode_with(AsciiReader(data + 2, size - 2), 2);
    default: throw DecodeFailure("no serialization header (offset 0)");
  }
}

Decoded decode(Feed& feed, std::size_t size, std::size_t skip) {
  BinaryReader<true> reader(feed, size);
  if (size < skip + 2 || std::memcmp(reader.bytes(skip + 2) + skip, "X\n", 2) != 0) throw FeedEnded();
  return decode_with(std::move(reader), -static_cast<std::int64_t>(skip));
}

}  // namespace rserial
