#include "encode.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "sexp.hpp"
#include "text.hpp"
#include "writer.hpp"

namespace rserial {

namespace {

constexpr std::int32_t kWriterVersion = 4 << 16 | 2 << 8 | 2;   // R 4.2.2
constexpr std::int32_t kReaderVersion2 = 2 << 16 | 3 << 8 | 0;  // R 2.3.0
constexpr std::int32_t kReaderVersion3 = 3 << 16 | 5 << 8 | 0;  // R 3.5.0
constexpr std::size_t kBlock = 2048;

struct Task {
  const Node* node;
  std::size_t next;  // the child to write
  bool head;         // pairlist: the flags of that child's cell are written
};

template <class Writer>
class Encoder {
 public:
  explicit Encoder(Writer& out) : out_(out) {}

  void run(const Node& root, int version) {
    compact_ = version == 3;
    out_.header();
    out_.integer(version);
    out_.integer(kWriterVersion);
    out_.integer(version == 3 ? kReaderVersion3 : kReaderVersion2);
    if (version == 3) {
      out_.integer(5);
      out_.text(reinterpret_cast<const std::uint8_t*>("UTF-8"), 5);
    }
    item(root);
    while (!tasks_.empty()) advance();
  }

 private:
  static bool has_attributes(const Node& node) {
    return node.attributes != nullptr && !node.attributes->children.empty();
  }

  static std::int32_t flags(const Node& node, int type) {
    std::uint32_t bits = static_cast<std::uint32_t>(type);
    bits |= static_cast<std::uint32_t>(node.levels) << kLevelsShift;
    if (node.object) bits |= kIsObject;
    if (has_attributes(node)) bits |= kHasAttributes;
    return static_cast<std::int32_t>(bits);
  }

  void item(const Node& node) {
    switch (node.kind) {
      case Kind::null:
      case Kind::pointer: out_.integer(kNilValue); return;
      case Kind::symbol: symbol(node); return;
      case Kind::environment: environment(node); return;
      case Kind::pairlist:
      case Kind::language:
        if (node.children.empty()) {
          out_.integer(kNilValue);
        } else {
          push(node);
        }
        return;
      case Kind::list:
        out_.integer(flags(node, kList));
        length(static_cast<std::int64_t>(node.children.size()));
        push(node);
        return;
      case Kind::logical:
        out_.integer(flags(node, kLogical));
        length(node.length);
        logicals(node);
        break;
      case Kind::integer:
        if (compact_ && node.sequence && !has_attributes(node)) return sequence(node);
        out_.integer(flags(node, kInteger));
        length(node.length);
        integers(node);
        break;
      case Kind::real:
        out_.integer(flags(node, kReal));
        length(node.length);
        reals(node, 1);
        break;
      case Kind::complex:
        out_.integer(flags(node, kComplex));
        length(node.length);
        reals(node, 2);
        break;
      case Kind::string:
        out_.integer(flags(node, kString));
        length(node.length);
        strings(node);
        break;
      case Kind::raw:
        out_.integer(flags(node, kRaw));
        length(node.length);
        out_.raw(node.values->data() + node.offset, static_cast<std::size_t>(node.length));
        break;
      case Kind::s4: out_.integer(flags(node, kS4)); break;
      case Kind::altrep: throw std::logic_error("an ALTREP form left in a tree");
    }
    if (has_attributes(node)) item(*node.attributes);
  }

  void push(const Node& node) { tasks_.push_back({&node, 0, false}); }

  // One step on the innermost open list or pairlist.
  void advance() {
    Task& task = tasks_.back();
    const Node& node = *task.node;
    if (task.next == node.children.size()) {
      tasks_.pop_back();
      close(node);
    } else if (node.kind == Kind::list) {
      item(*node.children[task.next++]);
    } else if (!task.head) {
      task.head = true;
      const std::size_t index = task.next;
      cell_flags(node, index);
      if (index == 0 && has_attributes(node)) item(*node.attributes);
    } else {
      task.head = false;
      const std::size_t index = task.next++;
      if (node.tags[index] != nullptr) symbol(*node.tags[index]);
      item(*node.children[index]);
    }
  }

  void close(const Node& node) {
    if (node.kind != Kind::list) {
      out_.integer(kNilValue);
    } else if (has_attributes(node)) {
      item(*node.attributes);
    }
  }

  // A pairlist is its cells; the first carries the attributes of the whole.
  void cell_flags(const Node& node, std::size_t index) {
    const int type = node.kind == Kind::language && index == 0 ? kLanguage : kPairlist;
    std::int32_t bits = index == 0 ? flags(node, type) : type;
    if (node.tags[index] != nullptr) bits |= kHasTag;
    out_.integer(bits);
  }

  // As R writes 1:n: class compact_intseq of package base, then length, first and step, then no attributes.
  void sequence(const Node& node) {
    const std::int32_t first = node.values->as<std::int32_t>()[node.offset];
    const double state[] = {static_cast<double>(node.length), static_cast<double>(first), 1.0};
    std::uint64_t bits[3];
    std::memcpy(bits, state, sizeof bits);
    out_.integer(kAltrep);
    out_.integer(kPairlist);
    symbol("compact_intseq");
    out_.integer(kPairlist);
    symbol("base");
    out_.integer(kPairlist);
    out_.integer(kInteger);
    length(1);
    out_.integer(kInteger);
    out_.integer(kNilValue);
    out_.integer(kReal);
    length(3);
    out_.reals(bits, 3);
    out_.integer(kNilValue);
  }

  void symbol(const Node& node) { symbol(node.text); }

  void symbol(const std::string& name) {
    const auto [found, added] =
        references_.try_emplace(name, static_cast<std::int32_t>(references_.size() + 1));
    if (!added) {
      // A reference packs its index into the flags (R's OutRefIndex).
      out_.integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(found->second) << 8 | kReference));
      return;
    }
    out_.integer(kSymbol);
    text(reinterpret_cast<const std::uint8_t*>(name.data()), name.size());
  }

  void environment(const Node& node) {
    if (node.text == "global") {
      out_.integer(kGlobalEnvironment);
    } else if (node.text == "base") {
      out_.integer(kBaseEnvironment);
    } else if (node.text == "missing") {
      out_.integer(kMissingArgument);
    } else {
      out_.integer(kEmptyEnvironment);
    }
  }

  void length(std::int64_t value) {
    if (value <= INT32_MAX) {
      out_.integer(static_cast<std::int32_t>(value));
    } else {
      out_.integer(-1);
      out_.integer(static_cast<std::int32_t>(value >> 32));
      out_.integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(value)));
    }
  }

  // `mark` is the encoding of text that is no UTF-8; 0 where it is.
  void text(const std::uint8_t* value, std::size_t size, int mark = 0) {
    const int unmarked = is_ascii(value, size) ? kAsciiEncoding : kUtf8Encoding;
    const int encoding = mark != 0 ? mark : unmarked;
    out_.integer(kChar | encoding << kLevelsShift);
    out_.integer(static_cast<std::int32_t>(size));
    out_.text(value, size);
  }

  void logicals(const Node& node) {
    std::int32_t block[kBlock];
    const std::uint8_t* bits = node.values ? node.values->data() : nullptr;
    for (std::int64_t done = 0; done < node.length;) {
      const auto count = std::min<std::int64_t>(kBlock, node.length - done);
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t at = node.offset + done + i;
        block[i] = node.valid(done + i) ? (bits[at >> 3] >> (at & 7)) & 1 : kNaInteger;
      }
      out_.integers(block, static_cast<std::size_t>(count));
      done += count;
    }
  }

  void integers(const Node& node) {
    const std::int32_t* values = node.values ? node.values->as<std::int32_t>() + node.offset : nullptr;
    if (!node.validity) return out_.integers(values, static_cast<std::size_t>(node.length));
    std::int32_t block[kBlock];
    for (std::int64_t done = 0; done < node.length;) {
      const auto count = std::min<std::int64_t>(kBlock, node.length - done);
      for (std::int64_t i = 0; i < count; ++i)
        block[i] = node.valid(done + i) ? values[done + i] : kNaInteger;
      out_.integers(block, static_cast<std::size_t>(count));
      done += count;
    }
  }

  // `width` doubles an element. A missing one keeps its bits where they are an NA already.
  void reals(const Node& node, int width) {
    const std::uint64_t* values =
        node.values ? node.values->as<std::uint64_t>() + node.offset * width : nullptr;
    if (!node.validity) return out_.reals(values, static_cast<std::size_t>(node.length * width));
    const std::uint64_t missing = node.integer64 ? static_cast<std::uint64_t>(kNaInteger64) : kNaReal;
    std::uint64_t block[kBlock];
    for (std::int64_t done = 0; done < node.length;) {
      const auto count =
          std::min<std::int64_t>(static_cast<std::int64_t>(kBlock) / width, node.length - done);
      for (std::int64_t i = 0; i < count; ++i) {
        const std::uint64_t* from = values + (done + i) * width;
        bool keep = node.valid(done + i);
        for (int k = 0; k < width; ++k) keep |= !node.integer64 && is_na_bits(from[k]);
        for (int k = 0; k < width; ++k) block[i * width + k] = keep ? from[k] : missing;
      }
      out_.reals(block, static_cast<std::size_t>(count * width));
      done += count;
    }
  }

  // Why: binary that came through Arrow has no marks; what is no UTF-8 can only be "bytes".
  static int mark(const Node& node, std::int64_t i, const std::uint8_t* value, std::int64_t size) {
    if (node.marks) return node.marks->data()[node.offset + i];
    return node.undecodable && !is_utf8(value, static_cast<std::size_t>(size)) ? kBytesEncoding : 0;
  }

  void strings(const Node& node) {
    if (node.length == 0) return;
    if (node.wide_offsets) {
      strings(node, node.offsets->as<std::int64_t>() + node.offset);
    } else {
      strings(node, node.offsets->as<std::int32_t>() + node.offset);
    }
  }

  template <class Offset>
  void strings(const Node& node, const Offset* offsets) {
    const std::uint8_t* data = node.values ? node.values->data() : nullptr;
    const bool some_missing = node.validity != nullptr;
    for (std::int64_t i = 0; i < node.length; ++i) {
      if (some_missing && !node.valid(i)) {
        out_.integer(kChar);
        out_.integer(-1);
        continue;
      }
      const std::int64_t size = static_cast<std::int64_t>(offsets[i + 1]) - offsets[i];
      const std::int64_t readable = static_cast<std::int64_t>(offsets[node.length]) - offsets[i];
      if (size > INT32_MAX) throw std::length_error("a string of more than 2^31 - 1 bytes");
      const std::uint8_t* value = data + offsets[i];
      if (out_.short_ascii(value, static_cast<std::size_t>(size), static_cast<std::size_t>(readable)))
        continue;
      text(value, static_cast<std::size_t>(size), mark(node, i, value, size));
    }
  }

  Writer& out_;
  std::vector<Task> tasks_;
  std::unordered_map<std::string, std::int32_t> references_;
  bool compact_ = false;
};

}  // namespace

std::size_t xdr_size(const Node& root, int version) {
  XdrCounter out;
  Encoder<XdrCounter>(out).run(root, version);
  return out.size();
}

void encode_xdr(const Node& root, int version, std::uint8_t* out, std::size_t size) {
  XdrWriter writer(out, size);
  Encoder<XdrWriter>(writer).run(root, version);
}

void encode_xdr(const Node& root, int version, std::size_t piece, Sink& sink) {
  std::vector<std::uint8_t> room(std::max<std::size_t>(piece, 64));
  XdrWriter writer(room.data(), room.size(), &sink);
  Encoder<XdrWriter>(writer).run(root, version);
  writer.finish();
}

std::string encode_ascii(const Node& root, int version) {
  AsciiWriter writer;
  Encoder<AsciiWriter>(writer).run(root, version);
  return writer.take();
}

}  // namespace rserial
