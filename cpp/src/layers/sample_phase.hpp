// A phase whose tasks are whole samples.
#pragma once

#include <memory>
#include <utility>

#include "plan/planner.hpp"

namespace pronghorn {

// `Body` is called as body(step, first_sample, samples).
template <class T, class Body>
class SamplePhase final : public Phase<T> {
 public:
  SamplePhase(std::size_t elements, Body body) : elements_(elements), body_(std::move(body)) {}
  std::size_t tasks(const Step<T>& step) const noexcept override { return step.samples; }
  void run(Step<T>& step, std::size_t begin, std::size_t end, T*) const noexcept override {
    body_(step, begin, end - begin);
  }
  double flops_per_sample() const noexcept override { return static_cast<double>(elements_); }

 private:
  const std::size_t elements_;
  const Body body_;
};

// `elements`: operations for one sample.
template <class T, class Body>
std::unique_ptr<Phase<T>> by_sample(std::size_t elements, Body body) {
  return std::make_unique<SamplePhase<T, Body>>(elements, std::move(body));
}

}  // namespace pronghorn
