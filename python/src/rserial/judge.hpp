// What is never loaded, what is dropped, and which calls are data.
#pragma once

#include "node.hpp"

namespace rserial {

// In words, nullptr of a type that is data.
const char* refused_name(int type);

// Why: every data.table and readr tibble carries one; it is void in another process.
void drop_pointers(Node& attributes);

// A formula without an environment of its own is inert; any other call is code.
// Throws UnsafeFailure.
void check_formula(const Node& node);

}  // namespace rserial
