#include "node.hpp"

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

}  // namespace rserial
