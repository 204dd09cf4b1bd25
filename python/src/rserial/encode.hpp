// A tree of plain data -> bytes of one serialized R value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "node.hpp"
#include "writer.hpp"

namespace rserial {

// Size in bytes of the XDR form, header included.
std::size_t xdr_size(const Node& root, int version);

// Writes the XDR form into `out`, which has room for `size` bytes: what xdr_size() says.
void encode_xdr(const Node& root, int version, std::uint8_t* out, std::size_t size);

// Gives the XDR form to `sink` in pieces of `piece` bytes, or a few less; the last is shorter.
void encode_xdr(const Node& root, int version, std::size_t piece, Sink& sink);

// The ASCII form, with doubles that read back exactly.
std::string encode_ascii(const Node& root, int version);

}  // namespace rserial
