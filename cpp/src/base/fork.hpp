// Keeps fork out of the engine: a child gets only the thread that forked, so a lock that another
// thread held, or a step that it was in the middle of, would stay so for ever.
#pragma once

namespace pronghorn {

// Between the two, a fork in another thread waits; none may be begun on this one.
void enter_engine() noexcept;
void leave_engine() noexcept;

}  // namespace pronghorn
