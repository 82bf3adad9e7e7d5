#include "layers/layer.hpp"

#include <deque>

namespace pronghorn {
namespace {

// A function's static, so that registration from other files' initialisers finds it made.
std::deque<LayerKind>& kinds() {
  static std::deque<LayerKind> all;
  return all;
}

}  // namespace

const LayerKind* find_layer(const std::string& op) noexcept {
  for (const LayerKind& kind : kinds()) {
    if (kind.op == op) return &kind;
  }
  return nullptr;
}

bool register_layer(LayerKind kind) {
  kinds().push_back(std::move(kind));
  return true;
}

}  // namespace pronghorn
