// Constants of R's serialization: R Internals, section 1.8 "Serialization Formats",
// and the reference table of src/main/serialize.c (R 4.2).
#pragma once

#include <cstdint>

namespace rserial {

enum Sexp : int {
  kNil = 0,
  kSymbol = 1,
  kPairlist = 2,
  kClosure = 3,
  kEnvironment = 4,
  kPromise = 5,
  kLanguage = 6,
  kSpecial = 7,
  kBuiltin = 8,
  kChar = 9,
  kLogical = 10,
  kInteger = 13,
  kReal = 14,
  kComplex = 15,
  kString = 16,
  kDots = 17,
  kList = 19,
  kExpression = 20,
  kBytecode = 21,
  kExternalPointer = 22,
  kWeakReference = 23,
  kRaw = 24,
  kS4 = 25,
  kAltrep = 238,
  kAttributedPairlist = 239,
  kAttributedLanguage = 240,
  kBaseEnvironment = 241,
  kEmptyEnvironment = 242,
  kBytecodeReference = 243,
  kBytecodeReferenceDef = 244,
  kGenericReference = 245,
  kClassReference = 246,
  kPersistent = 247,
  kPackage = 248,
  kNamespace = 249,
  kBaseNamespace = 250,
  kMissingArgument = 251,
  kUnboundValue = 252,
  kGlobalEnvironment = 253,
  kNilValue = 254,
  kReference = 255,
};

// Bits of an item's flag word: type in the low byte, then these, then 16 bits of levels.
constexpr int kIsObject = 1 << 8;
constexpr int kHasAttributes = 1 << 9;
constexpr int kHasTag = 1 << 10;
constexpr int kLevelsShift = 12;

// Levels of any other value: the S4 bit.
constexpr int kS4Object = 1 << 4;

// Levels of a CHARSXP: its encoding.
constexpr int kBytesEncoding = 1 << 1;
constexpr int kLatin1Encoding = 1 << 2;
constexpr int kUtf8Encoding = 1 << 3;
constexpr int kAsciiEncoding = 1 << 6;

constexpr std::int32_t kNaInteger = INT32_MIN;
constexpr std::int64_t kNaInteger64 = INT64_MIN;  // package bit64
// NA_real_ is any NaN whose low word is 1954; arithmetic may set the quiet bit.
constexpr std::uint32_t kNaLowWord = 1954;
constexpr std::uint64_t kNaReal = 0x7FF00000000007A2ULL;
constexpr std::uint64_t kExponentMask = 0x7FF0000000000000ULL;
constexpr std::uint64_t kMantissaMask = 0x000FFFFFFFFFFFFFULL;

constexpr bool is_na_bits(std::uint64_t bits) {
  return (bits & kExponentMask) == kExponentMask && static_cast<std::uint32_t>(bits) == kNaLowWord;
}

}  // namespace rserial
