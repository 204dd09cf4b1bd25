// What Python sees: nodes, decode, encode, kernels. No logic.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "arrow_c.hpp"
#include "cells.hpp"
#include "decode.hpp"
#include "encode.hpp"
#include "kernels.hpp"
#include "scan_bindings.hpp"
#include "sexp.hpp"

namespace nb = nanobind;
using namespace rserial;

namespace {

// A node with the tree that keeps it alive.
struct Handle {
  TreePtr tree;
  Node* node;
};

using Attributes = std::vector<std::tuple<std::string, Handle>>;

// Read access to the memory of any object with the buffer protocol.
class View {
 public:
  explicit View(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0) throw nb::python_error();
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() { PyBuffer_Release(&view_); }
  const std::uint8_t* data() const { return static_cast<const std::uint8_t*>(view_.buf); }
  std::size_t size() const { return static_cast<std::size_t>(view_.len); }

 private:
  Py_buffer view_;
};

Handle decode_bytes(nb::handle data, std::size_t narrow_text) {
  const View view(data);
  nb::gil_scoped_release unlocked;
  Decoded decoded = decode(view.data(), view.size(), narrow_text);
  return {decoded.tree, decoded.root};
}

// Pieces from a Python iterator of objects with the buffer protocol; decoding waits for them unlocked.
class IteratorFeed : public Feed {
 public:
  explicit IteratorFeed(nb::handle iterator) : iterator_(iterator) {}
  IteratorFeed(const IteratorFeed&) = delete;
  IteratorFeed& operator=(const IteratorFeed&) = delete;
  ~IteratorFeed() override {
    const nb::gil_scoped_acquire locked;
    held_.reset();
  }
  Piece next() override {
    const nb::gil_scoped_acquire locked;
    held_.reset();
    nb::object piece = nb::steal(PyIter_Next(iterator_.ptr()));
    if (!piece.is_valid()) {
      if (PyErr_Occurred() != nullptr) throw nb::python_error();
      return {};
    }
    held_.emplace(piece);
    return {held_->data(), held_->size()};
  }

 private:
  nb::handle iterator_;
  std::optional<View> held_;
};

std::optional<Handle> decode_pieces(nb::handle pieces, std::size_t size, std::size_t skip) {
  IteratorFeed feed(pieces);
  nb::gil_scoped_release unlocked;
  try {
    Decoded decoded = decode(feed, size, skip);
    return Handle{decoded.tree, decoded.root};
  } catch (const FeedEnded&) {
    return std::nullopt;
  }
}

nb::bytes encode_bytes(const Handle& root, int version, bool ascii) {
  if (ascii) {
    const std::string text = encode_ascii(*root.node, version);
    return nb::bytes(text.data(), text.size());
  }
  std::size_t size;
  {
    nb::gil_scoped_release unlocked;
    size = xdr_size(*root.node, version);
  }
  PyObject* bytes = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
  if (bytes == nullptr) throw nb::python_error();
  nb::bytes out = nb::steal<nb::bytes>(bytes);
  auto* to = reinterpret_cast<std::uint8_t*>(PyBytes_AsString(bytes));
  nb::gil_scoped_release unlocked;
  encode_xdr(*root.node, version, to, size);
  return out;
}

// Hands pieces to a Python function, as bytes.
class FunctionSink : public Sink {
 public:
  explicit FunctionSink(nb::handle take) : take_(take) {}
  void take(const std::uint8_t* data, std::size_t size) override {
    const nb::gil_scoped_acquire locked;
    take_(nb::bytes(data, size));
  }

 private:
  nb::handle take_;
};

void encode_pieces(const Handle& root, int version, std::size_t size, nb::handle take) {
  FunctionSink sink(take);
  nb::gil_scoped_release unlocked;
  encode_xdr(*root.node, version, size, sink);
}

template <class T>
nb::capsule arrow_capsule(T* value, const char* name) {
  return nb::capsule(value, name, [](void* held) noexcept {
    auto* moved = static_cast<T*>(held);
    if (moved->release != nullptr) moved->release(moved);
    delete moved;
  });
}

std::tuple<nb::capsule, nb::capsule> arrow_c_array(const Handle& self, nb::handle /*requested*/) {
  auto* schema = new ArrowSchema{};
  nb::capsule schema_capsule = arrow_capsule(schema, "arrow_schema");
  export_schema(*self.node, schema);
  auto* array = new ArrowArray{};
  nb::capsule array_capsule = arrow_capsule(array, "arrow_array");
  export_array(*self.node, array);
  return {schema_capsule, array_capsule};
}

Handle use(const TreePtr& tree, const Handle& part) {
  if (part.tree != tree) tree->parts.push_back(part.tree);
  return part;
}

Node* named_pairlist(const TreePtr& tree, const Attributes& entries) {
  Node* node = tree->add(Kind::pairlist);
  for (const auto& [name, value] : entries) {
    Node* tag = tree->add(Kind::symbol);
    tag->text = name;
    node->tags.push_back(tag);
    node->children.push_back(use(tree, value).node);
  }
  node->length = static_cast<std::int64_t>(node->children.size());
  return node;
}

void attach(const TreePtr& tree, Node& node, const Attributes& attributes) {
  if (attributes.empty()) return;
  node.attributes = named_pairlist(tree, attributes);
  node.object = node.attribute("class") != nullptr;
}

Handle import_vector(nb::object source) {
  const nb::tuple capsules = nb::cast<nb::tuple>(source.attr("__arrow_c_array__")());
  auto* schema =
      static_cast<ArrowSchema*>(PyCapsule_GetPointer(nb::object(capsules[0]).ptr(), "arrow_schema"));
  auto* array = static_cast<ArrowArray*>(PyCapsule_GetPointer(nb::object(capsules[1]).ptr(), "arrow_array"));
  if (schema == nullptr || array == nullptr) throw nb::python_error();
  auto tree = std::make_shared<Tree>();
  return {tree, import_array(*tree, *schema, array)};
}

Handle make_vector(nb::object source, const Attributes& attributes) {
  Handle out = import_vector(std::move(source));
  attach(out.tree, *out.node, attributes);
  return out;
}

// The same value with other attributes; its data are shared.
Handle with_attributes(const Handle& source, const Attributes& attributes, bool s4) {
  auto tree = std::make_shared<Tree>();
  Node* node = tree->add();
  *node = *use(tree, source).node;
  node->attributes = nullptr;
  node->object = false;
  node->levels = s4 ? kS4Object : 0;
  attach(tree, *node, attributes);
  return {tree, node};
}

std::optional<std::tuple<Handle, Handle>> flatten_list(const Handle& list) {
  auto tree = std::make_shared<Tree>();
  nb::gil_scoped_release unlocked;
  const auto flat = flatten(*tree, *list.node);
  if (!flat) return std::nullopt;
  return std::make_tuple(Handle{tree, flat->values}, Handle{tree, flat->lengths});
}

Handle make_null() {
  auto tree = std::make_shared<Tree>();
  return {tree, tree->add(Kind::null)};
}

Handle make_list(const std::vector<Handle>& children, const Attributes& attributes) {
  auto tree = std::make_shared<Tree>();
  Node* node = tree->add(Kind::list);
  for (const Handle& child : children) node->children.push_back(use(tree, child).node);
  node->length = static_cast<std::int64_t>(children.size());
  attach(tree, *node, attributes);
  return {tree, node};
}

Handle make_pairlist(const Attributes& entries) {
  auto tree = std::make_shared<Tree>();
  return {tree, named_pairlist(tree, entries)};
}

std::vector<std::tuple<std::optional<std::string>, Handle>> entries(const TreePtr& tree, const Node* node) {
  std::vector<std::tuple<std::optional<std::string>, Handle>> out;
  if (node == nullptr) return out;
  for (std::size_t i = 0; i < node->children.size(); ++i) {
    const Node* tag = i < node->tags.size() ? node->tags[i] : nullptr;
    out.emplace_back(tag == nullptr ? std::nullopt : std::optional<std::string>(tag->text),
                     Handle{tree, node->children[i]});
  }
  return out;
}

template <class Kernel>
Handle run_kernel(Kernel&& kernel) {
  auto tree = std::make_shared<Tree>();
  nb::gil_scoped_release unlocked;
  Node* node = kernel(*tree);
  return {tree, node};
}

}  // namespace

NB_MODULE(_rserial, m) {
  bind_scan(m);
  nb::exception<DecodeFailure>(m, "DecodeError", PyExc_ValueError);
  nb::exception<UnsafeFailure>(m, "UnsafeError", PyExc_ValueError);

  nb::class_<Handle>(m, "Node")
      .def_prop_ro("kind", [](const Handle& self) { return kind_name(self.node->kind); })
      .def_prop_ro("length", [](const Handle& self) { return self.node->length; })
      .def_prop_ro("null_count", [](const Handle& self) { return self.node->null_count; })
      .def_prop_ro("undecodable", [](const Handle& self) { return self.node->undecodable; })
      .def_prop_ro("text", [](const Handle& self) { return self.node->text; })
      .def_prop_ro("attributes", [](const Handle& self) { return entries(self.tree, self.node->attributes); })
      .def_prop_ro("entries", [](const Handle& self) { return entries(self.tree, self.node); })
      .def_prop_ro("s4", [](const Handle& self) { return (self.node->levels & kS4Object) != 0; })
      .def("attribute",
           [](const Handle& self, const std::string& name) -> std::optional<Handle> {
             const Node* found = self.node->attribute(name.c_str());
             if (found == nullptr) return std::nullopt;
             return Handle{self.tree, const_cast<Node*>(found)};
           })
      .def("inherits",
           [](const Handle& self, const std::string& name) { return self.node->inherits(name.c_str()); })
      .def("__arrow_c_array__", &arrow_c_array, nb::arg("requested_schema") = nb::none());

  m.def("decode", &decode_bytes, nb::arg("data"), nb::arg("narrow_text") = kNarrowText);
  m.def("decode_pieces", &decode_pieces, nb::arg("pieces"), nb::arg("size"), nb::arg("skip") = 0);
  m.def("encode", &encode_bytes, nb::arg("root"), nb::arg("version") = 3, nb::arg("ascii") = false);
  m.def("encode_pieces", &encode_pieces, nb::arg("root"), nb::arg("version"), nb::arg("size"),
        nb::arg("take"));
  m.def("null", &make_null);
  m.def("vector", &make_vector, nb::arg("source"), nb::arg("attributes") = Attributes{});
  m.def("with_attributes", &with_attributes, nb::arg("source"), nb::arg("attributes"), nb::arg("s4") = false);
  m.def("generic_list", &make_list, nb::arg("children"), nb::arg("attributes") = Attributes{});
  m.def("pairlist", &make_pairlist, nb::arg("entries"));

  m.def(
      "to_ticks",
      [](const Handle& values, std::int64_t ticks, std::int64_t limit) {
        Loss loss;
        Handle out = run_kernel([&](Tree& tree) { return to_ticks(tree, *values.node, ticks, limit, loss); });
        return std::make_tuple(out, loss.count, loss.first);
      },
      nb::arg("values"), nb::arg("ticks"), nb::arg("limit"));
  m.def(
      "from_ticks",
      [](const Handle& values, std::int64_t ticks) {
        Loss loss;
        Handle out = run_kernel([&](Tree& tree) { return from_ticks(tree, *values.node, ticks, loss); });
        return std::make_tuple(out, loss.count, loss.first);
      },
      nb::arg("values"), nb::arg("ticks"));
  m.def(
      "to_integer64",
      [](const Handle& values) {
        return run_kernel([&](Tree& tree) { return to_integer64(tree, *values.node); });
      },
      nb::arg("values"));
  m.def(
      "to_indices",
      [](const Handle& codes, std::int64_t levels) {
        return run_kernel([&](Tree& tree) { return to_indices(tree, *codes.node, levels); });
      },
      nb::arg("codes"), nb::arg("levels"));
  m.def("flatten", &flatten_list, nb::arg("cells"));
  m.def(
      "split",
      [](const Handle& values, const Handle& lengths) {
        return run_kernel([&](Tree& tree) { return split(tree, *values.node, *lengths.node); });
      },
      nb::arg("values"), nb::arg("lengths"));
  m.def(
      "serialize_cells",
      [](const Handle& cells) {
        return run_kernel([&](Tree& tree) { return serialize_cells(tree, *cells.node); });
      },
      nb::arg("cells"));
  m.def(
      "unserialize_cells",
      [](const Handle& cells) {
        return run_kernel([&](Tree& tree) { return unserialize_cells(tree, *cells.node); });
      },
      nb::arg("cells"));
  m.def(
      "parts",
      [](const Handle& complex) {
        return run_kernel([&](Tree& tree) { return parts(tree, *complex.node); });
      },
      nb::arg("complex"));
  m.def(
      "from_parts",
      [](const Handle& values, const Handle& missing) {
        return run_kernel([&](Tree& tree) { return from_parts(tree, *values.node, *missing.node); });
      },
      nb::arg("values"), nb::arg("missing"));
  m.def(
      "wholly_missing",
      [](const Handle& values) {
        return run_kernel([&](Tree& tree) { return wholly_missing(tree, *values.node); });
      },
      nb::arg("values"));
}
