// The safety scan as Python sees it: bytes in, a report out. The scan itself is the R package's (src/rscan).
#include "scan_bindings.hpp"

#include <nanobind/stl/string.h>

#include <cstdlib>
#include <new>
#include <string>

extern "C" {
// Why: a struct's member is called `class`, a keyword here only.
#define class class_name
#include "../rscan/scan.h"
#undef class
}

namespace nb = nanobind;

namespace {

// A full report's buffers, freed however the scan ends.
struct Scan {
  scan_state state{};

  Scan(const std::uint8_t* data, std::size_t size, bool objects_in_pairlist) {
    state.in.data = data;
    state.in.size = size;
    state.full_report = 1;
    state.object_depth = objects_in_pairlist ? 1 : 0;
    state.refused = static_cast<scan_finding*>(std::calloc(SCAN_REFUSED_LIMIT, sizeof(scan_finding)));
    state.formulas = static_cast<scan_finding*>(std::calloc(SCAN_FORMULA_LIMIT, sizeof(scan_finding)));
    state.objects = static_cast<scan_object*>(std::calloc(SCAN_OBJECT_LIMIT, sizeof(scan_object)));
  }
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;
  ~Scan() {
    std::free(state.stack);
    std::free(state.references);
    std::free(state.refused);
    std::free(state.formulas);
    std::free(state.objects);
  }
  // Whether there was memory to keep a report in; what was found stands in `state`.
  bool run() {
    if (state.refused == nullptr || state.formulas == nullptr || state.objects == nullptr) return false;
    scan_run(&state);
    return true;
  }
};

// Names in a file may be cut in the middle of a character.
nb::object text(const char* value) {
  PyObject* decoded = PyUnicode_DecodeUTF8(value, static_cast<Py_ssize_t>(std::strlen(value)), "replace");
  if (decoded == nullptr) throw nb::python_error();
  return nb::steal(decoded);
}

nb::tuple finding(const scan_finding& found) {
  return nb::make_tuple(text(found.what), found.offset, text(found.trail));
}

nb::list findings(const scan_finding* found, int count, int limit) {
  nb::list out;
  for (int i = 0; i < count && i < limit; ++i) out.append(finding(found[i]));
  return out;
}

nb::dict scan(nb::handle data, bool objects_in_pairlist) {
  Py_buffer view;
  if (PyObject_GetBuffer(data.ptr(), &view, PyBUF_SIMPLE) != 0) throw nb::python_error();
  Scan scan(static_cast<const std::uint8_t*>(view.buf), static_cast<std::size_t>(view.len),
            objects_in_pairlist);
  bool ran;
  {
    nb::gil_scoped_release unlocked;
    ran = scan.run();
  }
  PyBuffer_Release(&view);
  if (!ran) throw std::bad_alloc();

  static const char* const statuses[] = {"safe", "damaged", "unsafe"};
  const scan_state& state = scan.state;
  nb::list objects;
  for (int i = 0; i < state.object_count && i < SCAN_OBJECT_LIMIT; ++i) {
    const scan_object& object = state.objects[i];
    objects.append(nb::make_tuple(text(object.name), object.type, text(object.class_name), object.length));
  }
  nb::dict out;
  out["status"] = statuses[state.status];
  out["finding"] = state.status == SCAN_SAFE ? nb::object(nb::none()) : nb::object(finding(state.finding));
  out["version"] = state.version;
  out["complete"] = state.complete != 0;
  out["refused"] = findings(state.refused, state.refused_count, SCAN_REFUSED_LIMIT);
  out["refused_count"] = state.refused_count;
  out["formulas"] = findings(state.formulas, state.formula_count, SCAN_FORMULA_LIMIT);
  out["objects"] = objects;
  return out;
}

}  // namespace

void bind_scan(nb::module_& m) {
  m.def("scan", &scan, nb::arg("data"), nb::arg("objects_in_pairlist") = false);
}
