// Constraints on weights, applied after each update.
//   non_neg  w = max(w, 0)
//   norm     every vector along `axes` times wanted / (epsilon + norm), where
//            wanted = rate clip(norm, least, most) + (1 - rate) norm
#pragma once

#include <memory>

#include "plan/program.hpp"
#include "pronghorn/variable.hpp"

namespace pronghorn {

// Throws std::invalid_argument for an unknown name or axes that the variable does not have.
template <class T>
std::unique_ptr<Phase<T>> make_constraint_phase(Variable<T>& variable, const ConstraintSpec& spec);

}  // namespace pronghorn
