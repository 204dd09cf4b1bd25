// Adds the safety scan to the module.
#pragma once

#include <nanobind/nanobind.h>

void bind_scan(nanobind::module_& m);
