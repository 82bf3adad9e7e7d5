#include <algorithm>
#include <atomic>
#include <chrono>

#include "batch.hpp"
#include "bindings.hpp"
#include "plain_data.hpp"
#include "specs.hpp"

namespace pronghorn::python {
namespace {

struct PyTrainer {
  Either<Trainer> held;
};

// A run and the arrays that it reads.
template <class T>
struct HeldRun {
  std::shared_ptr<Trainer<T>> trainer;
  std::unique_ptr<Run<T>> run;
  std::vector<py::array> alive;
  std::vector<Labels> labels;
  py::object tapped = py::none();  // where outputs are copied to
  std::unique_ptr<std::atomic<bool>> used = std::make_unique<std::atomic<bool>>(false);
};
struct PyRun {
  std::variant<HeldRun<float>, HeldRun<double>> held;
};

// One thread at a time uses a run, which the interpreter lock does not see to: it is given away.
class OnlyUser {
 public:
  template <class T>
  explicit OnlyUser(const HeldRun<T>& held) : used_(*held.used) {
    if (used_.exchange(true)) throw std::runtime_error("another thread is using the run");
  }
  ~OnlyUser() { used_.store(false); }
  OnlyUser(const OnlyUser&) = delete;
  OnlyUser& operator=(const OnlyUser&) = delete;

 private:
  std::atomic<bool>& used_;
};

template <class T>
PyRun start_run(const std::shared_ptr<Trainer<T>>& trainer, const py::sequence& xs,
                const py::sequence& ys, const py::sequence& sample_weights, std::size_t batch_size,
                bool training, std::optional<std::uint64_t> seed) {
  Batch<T> batch = to_batch(*trainer, xs, ys, sample_weights);
  HeldRun<T> held;
  held.trainer = trainer;
  held.alive = std::move(batch.alive);
  held.labels = std::move(batch.labels);
  const Released released;
  held.run = trainer->run(batch.inputs, batch.targets, batch.samples, batch_size, training,
                          seed ? &*seed : nullptr);
  return PyRun{std::move(held)};
}

// Begins another pass of a run over its data; false if it is another trainer's.
template <class T>
bool restart(const PyTrainer& trainer, HeldRun<T>& held, std::optional<std::uint64_t> seed) {
  const auto* own = std::get_if<std::shared_ptr<Trainer<T>>>(&trainer.held);
  if (own == nullptr || *own != held.trainer) return false;
  const OnlyUser only(held);
  held.tapped = py::none();
  const Released released;
  held.run->restart(seed ? &*seed : nullptr);
  return true;
}

// Advances in slices of kSlice seconds, looking for signals in between.
template <class T>
std::size_t advance(const HeldRun<T>& held, std::ptrdiff_t max_steps, double max_seconds,
                    const py::object& learning_rates) {
  constexpr double kSlice = 0.04;
  const OnlyUser only(held);
  std::vector<double> rates;
  if (py::isinstance<py::array>(learning_rates)) {
    const auto array = require_array<double>(learning_rates, "learning_rates");
    rates.assign(array.data(), array.data() + array.size());
  } else {
    try {
      rates.push_back(py::cast<double>(learning_rates));
    } catch (const py::cast_error&) {
      throw py::type_error("learning_rates must be a number or an array, got " +
                           std::string(py::repr(learning_rates)));
    }
  }
  const std::size_t left = held.run->steps() - held.run->done();
  const std::size_t wanted =
      max_steps < 0 ? left : std::min(left, static_cast<std::size_t>(max_steps));
  const bool many = rates.size() != 1;
  if (many && rates.size() < wanted) {
    throw py::value_error("learning_rates has " + std::to_string(rates.size()) + " entries for " +
                          std::to_string(wanted) + " steps");
  }
  const std::size_t size = held.run->batch_size(), first = held.run->done() * size;
  const std::size_t last = std::min(first + wanted * size, held.run->samples());
  for (const Labels& labels : held.labels) labels.check(held.run->order(), first, last);
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  std::size_t finished = 0;
  while (finished < wanted) {
    const double passed = std::chrono::duration<double>(Clock::now() - start).count();
    if (max_seconds >= 0 && finished > 0 && passed >= max_seconds) break;
    const double slice =
        max_seconds >= 0 ? std::max(0.0, std::min(kSlice, max_seconds - passed)) : kSlice;
    {
      const Released released;
      const double* from = rates.data() + (many ? finished : 0);
      finished +=
          held.run->advance(wanted - finished, slice, from, many ? rates.size() - finished : 1);
    }
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
  return finished;
}

template <class T>
py::dict results(const HeldRun<T>& held) {
  const OnlyUser only(held);
  const RunResults r = held.run->results();
  py::dict d;
  d["loss"] = py::make_tuple(r.loss_sum, r.samples);
  py::list losses;
  for (const double sum : r.output_loss_sums) losses.append(py::make_tuple(sum, r.samples));
  d["output_losses"] = losses;
  d["metrics"] = r.metrics;
  d["finite"] = r.finite;
  return d;
}

// Fresh arrays that the coming batches' outputs are copied to; None for those that are not tapped.
template <class T>
py::object tap(HeldRun<T>& held, std::size_t batches) {
  const OnlyUser only(held);
  const std::size_t done = held.run->done(), size = held.run->batch_size();
  const std::size_t left = held.run->steps() - done;
  if (batches == 0 || batches > left) {
    throw py::value_error("batches must be from 1 to the " + std::to_string(left) +
                          " that are left, got " + std::to_string(batches));
  }
  const std::size_t rows = std::min(batches * size, held.run->samples() - done * size);
  const auto shapes = held.trainer->engine()->output_shapes();
  const auto& tapped = held.trainer->tapped();
  py::list list;
  std::vector<T*> outputs(shapes.size(), nullptr);
  for (std::size_t o = 0; o < shapes.size(); ++o) {
    if (std::find(tapped.begin(), tapped.end(), o) == tapped.end()) {
      list.append(py::none());
      continue;
    }
    auto array = new_array<T>(rows, shapes[o]);
    outputs[o] = array.mutable_data();
    list.append(std::move(array));
  }
  held.run->tap(std::move(outputs), batches);
  held.tapped = list;
  return held.tapped;
}

// Which samples of the data are at positions [first, last) of the run; None if they come in order.
template <class T>
py::object order(const HeldRun<T>& held, std::size_t first, std::size_t last) {
  const OnlyUser only(held);
  if (first > last || last > held.run->samples()) {
    throw py::value_error("positions must lie in 0.." + std::to_string(held.run->samples()) +
                          ", got " + std::to_string(first) + " to " + std::to_string(last));
  }
  const auto& order = held.run->order();
  if (order.empty()) return py::none();
  py::array_t<std::int64_t> array(static_cast<py::ssize_t>(last - first));
  std::copy(order.data() + first, order.data() + last, array.mutable_data());
  return array;
}

template <class T>
py::tuple gradients(Trainer<T>& trainer, const py::sequence& xs, const py::sequence& ys,
                    const py::sequence& sample_weights) {
  Batch<T> batch = to_batch(trainer, xs, ys, sample_weights);
  py::list list;
  std::vector<T*> out;
  const auto& variables = trainer.engine()->variables();
  for (std::size_t v = 0; v < variables.size(); ++v) {
    if (!trainer.trainable(v)) {
      out.push_back(nullptr);
      list.append(py::none());
      continue;
    }
    auto array = new_array<T>(variables[v]->shape());
    out.push_back(array.mutable_data());
    list.append(std::move(array));
  }
  double loss = 0;
  {
    const Released released;
    loss = trainer.gradients(batch.inputs, batch.targets, batch.samples, out);
  }
  return py::make_tuple(loss, list);
}

template <class T>
void apply_gradients(Trainer<T>& trainer, const py::sequence& given, double learning_rate) {
  const auto& variables = trainer.engine()->variables();
  if (py::len(given) != variables.size()) {
    throw py::value_error("gradients must have " + std::to_string(variables.size()) +
                          " entries, got " + std::to_string(py::len(given)));
  }
  // `given` may change while other threads run.
  std::vector<py::array_t<T>> alive;
  std::vector<std::shared_ptr<Gradients<T>>> packed_alive;
  std::vector<GivenGradient<T>> pointers(variables.size());
  for (std::size_t v = 0; v < variables.size(); ++v) {
    const py::object gradient = given[v];
    if (gradient.is_none()) continue;
    const std::string name = "gradients[" + std::to_string(v) + "]";
    if (py::isinstance<py::tuple>(gradient)) {  // (Gradients, number of the variable there)
      const auto pair = gradient.cast<py::tuple>();
      if (pair.size() != 2 || !py::isinstance<PyGradients>(pair[0]) ||
          !py::isinstance<py::int_>(pair[1])) {
        throw py::type_error(name + " must be an array or (Gradients, int), got " +
                             std::string(py::repr(gradient)));
      }
      const auto& held = pair[0].cast<const PyGradients&>().held;
      const auto* packed = std::get_if<std::shared_ptr<Gradients<T>>>(&held);
      pointers[v].variable = pair[1].cast<std::size_t>();
      if (packed == nullptr || pointers[v].variable >= (*packed)->variables().size()) {
        throw py::value_error(name + " is of another variable");
      }
      packed_alive.push_back(*packed);
      pointers[v].packed = packed->get();
      continue;
    }
    alive.push_back(require_array<T>(gradient, name));
    const auto want = to_ssize(variables[v]->shape());
    const auto& array = alive.back();
    if (!std::equal(want.begin(), want.end(), array.shape(), array.shape() + array.ndim())) {
      throw py::value_error(name + " must have its variable's shape, got " + format_shape(array));
    }
    pointers[v].rows = array.data();
  }
  const Released released;
  trainer.apply_gradients(pointers, learning_rate);
}

template <class T>
py::list get_slots(const Trainer<T>& trainer) {
  py::list list;
  const auto slots = trainer.slots();
  for (std::size_t s = 0; s < slots.size(); ++s) {
    auto array = new_array<T>(slots[s].shape);
    T* out = array.mutable_data();
    {
      const Released released;
      trainer.get_slot(s, out);
    }
    list.append(py::make_tuple(slots[s].name, slots[s].variable, array));
  }
  return list;
}

template <class T>
void set_slots(Trainer<T>& trainer, const py::sequence& values) {
  const auto slots = trainer.slots();
  if (py::len(values) != slots.size()) {
    throw py::value_error("values must have " + std::to_string(slots.size()) + " arrays, got " +
                          std::to_string(py::len(values)));
  }
  const auto arrays = require_arrays<T>(values, "values");
  for (std::size_t s = 0; s < slots.size(); ++s) {
    const auto want = to_ssize(slots[s].shape);
    if (!std::equal(want.begin(), want.end(), arrays[s].shape(),
                    arrays[s].shape() + arrays[s].ndim())) {
      throw py::value_error("values[" + std::to_string(s) + "] must have its slot's shape, got " +
                            format_shape(arrays[s]));
    }
  }
  const Released released;
  for (std::size_t s = 0; s < slots.size(); ++s) trainer.set_slot(s, arrays[s].data());
}

}  // namespace

void register_trainer(py::module_& m) {
  py::class_<PyRun>(m, "Run")
      .def_property_readonly("steps",
                             [](const PyRun& self) {
                               return std::visit([](const auto& h) { return h.run->steps(); },
                                                 self.held);
                             })
      .def_property_readonly("done",
                             [](const PyRun& self) {
                               return std::visit([](const auto& h) { return h.run->done(); },
                                                 self.held);
                             })
      .def(
          "advance",
          [](const PyRun& self, std::ptrdiff_t max_steps, double max_seconds,
             const py::object& learning_rates) {
            return std::visit(
                [&](const auto& h) { return advance(h, max_steps, max_seconds, learning_rates); },
                self.held);
          },
          py::arg("max_steps") = -1, py::arg("max_seconds") = -1.0,
          py::arg("learning_rates") = 0.001)
      .def(
          "tap",
          [](PyRun& self, std::size_t batches) {
            return std::visit([&](auto& h) { return tap(h, batches); }, self.held);
          },
          py::arg("batches"))
      .def_property_readonly("tap_steps",
                             [](const PyRun& self) {
                               return std::visit([](const auto& h) { return h.run->tap_steps(); },
                                                 self.held);
                             })
      .def(
          "order",
          [](const PyRun& self, std::size_t first, std::size_t last) {
            return std::visit([&](const auto& h) { return order(h, first, last); }, self.held);
          },
          py::arg("first"), py::arg("last"))
      .def("reset_results",
           [](const PyRun& self) {
             std::visit(
                 [](const auto& h) {
                   const OnlyUser only(h);
                   h.run->reset_results();
                 },
                 self.held);
           })
      .def("results", [](const PyRun& self) {
        return std::visit([](const auto& h) { return results(h); }, self.held);
      });

  m.def("plain_data", &plain_data, py::arg("x"), py::arg("y"), py::arg("classes"),
        py::arg("shares"));

  py::class_<PyTrainer>(m, "Trainer")
      .def(py::init([](const PyEngine& engine, const py::sequence& losses,
                       const py::sequence& metrics, const py::object& optimizer,
                       const std::vector<std::size_t>& tapped) {
             std::vector<LossSpec> loss_specs;
             for (const auto& loss : losses) loss_specs.push_back(to_loss(loss));
             std::vector<std::vector<MetricSpec>> metric_specs;
             for (const auto& list : metrics) {
               metric_specs.emplace_back();
               for (const auto& metric : py::reinterpret_borrow<py::sequence>(list)) {
                 metric_specs.back().push_back(to_metric(metric));
               }
             }
             std::optional<OptimizerSpec> spec;
             if (!optimizer.is_none()) spec = to_optimizer(optimizer);
             return std::visit(
                 [&](const auto& e) {
                   using T = std::remove_const_t<
                       std::remove_pointer_t<decltype(e->variables().front()->packed())>>;
                   return PyTrainer{Trainer<T>::make(e, loss_specs, metric_specs,
                                                     spec ? &*spec : nullptr, tapped)};
                 },
                 engine.held);
           }),
           py::arg("engine"), py::arg("losses"), py::arg("metrics"), py::arg("optimizer"),
           py::arg("tapped") = std::vector<std::size_t>{})
      .def_property(
          "iterations",
          [](const PyTrainer& self) {
            return std::visit([](const auto& t) { return t->iterations(); }, self.held);
          },
          [](const PyTrainer& self, std::int64_t value) {
            std::visit([&](const auto& t) { t->set_iterations(value); }, self.held);
          })
      .def(
          "set_optimizer",
          [](const PyTrainer& self, const py::object& spec) {
            const OptimizerSpec numbers = to_optimizer(spec);
            const Released released;
            std::visit([&](const auto& t) { t->set_optimizer(numbers); }, self.held);
          },
          py::arg("spec"))
      .def("get_slots",
           [](const PyTrainer& self) {
             return std::visit([](const auto& t) { return get_slots(*t); }, self.held);
           })
      .def(
          "set_slots",
          [](const PyTrainer& self, const py::sequence& values) {
            std::visit([&](const auto& t) { set_slots(*t, values); }, self.held);
          },
          py::arg("values"))
      .def("get_state",
           [](const PyTrainer& self) {
             const Released released;
             return std::visit([](const auto& t) { return t->state(); }, self.held);
           })
      .def(
          "set_state",
          [](const PyTrainer& self, const std::vector<double>& state) {
            const Released released;
            std::visit([&](const auto& t) { t->set_state(state); }, self.held);
          },
          py::arg("state"))
      .def(
          "run",
          [](const PyTrainer& self, const py::sequence& xs, const py::sequence& ys,
             const py::sequence& sample_weights, std::size_t batch_size, bool training,
             std::optional<std::uint64_t> shuffle_seed) {
            return std::visit(
                [&](const auto& t) {
                  return start_run(t, xs, ys, sample_weights, batch_size, training, shuffle_seed);
                },
                self.held);
          },
          py::arg("xs"), py::arg("ys"), py::arg("sample_weights"), py::arg("batch_size"),
          py::arg("training"), py::arg("shuffle_seed") = py::none())
      .def(
          "restart",
          [](const PyTrainer& self, PyRun& run, std::optional<std::uint64_t> shuffle_seed) {
            return std::visit([&](auto& held) { return restart(self, held, shuffle_seed); },
                              run.held);
          },
          py::arg("run"), py::arg("shuffle_seed") = py::none())
      .def(
          "gradients",
          [](const PyTrainer& self, const py::sequence& xs, const py::sequence& ys,
             const py::sequence& sample_weights) {
            return std::visit([&](const auto& t) { return gradients(*t, xs, ys, sample_weights); },
                              self.held);
          },
          py::arg("xs"), py::arg("ys"), py::arg("sample_weights"))
      .def(
          "apply_gradients",
          [](const PyTrainer& self, const py::sequence& given, double learning_rate) {
            std::visit([&](const auto& t) { apply_gradients(*t, given, learning_rate); },
                       self.held);
          },
          py::arg("gradients"), py::arg("learning_rate"));
}

}  // namespace pronghorn::python
