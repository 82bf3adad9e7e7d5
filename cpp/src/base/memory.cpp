#include "base/memory.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pronghorn {

void ask_for_huge_pages(void* data, std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Whole pages only: what follows the array may belong to others. A refusal changes nothing.
  if (bytes >= kHugePage)
    static_cast<void>(madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE));
#else
  static_cast<void>(data);
  static_cast<void>(bytes);
#endif
}

}  // namespace pronghorn
