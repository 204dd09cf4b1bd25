#include "judge.hpp"

#include "failure.hpp"
#include "sexp.hpp"

namespace rserial {

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

void drop_pointers(Node& attributes) {
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

void check_formula(const Node& node) {
  const Node* home = node.attribute(".Environment");
  if (!node.inherits("formula")) throw UnsafeFailure("a call");
  if (home == nullptr || home->kind != Kind::environment || home->text == "missing")
    throw UnsafeFailure("a formula with an environment");
}

}  // namespace rserial
