#include "pronghorn/runtime.hpp"

#include "bindings.hpp"

namespace pronghorn::python {
void register_runtime(py::module_& m) {
  m.def("info", [] {
    const Info facts = info();
    py::dict d;
    d["version"] = facts.version;
    d["compiler"] = facts.compiler;
    d["isas"] = facts.isas;
    d["supported_isas"] = facts.supported_isas;
    d["isa"] = facts.isa;
    d["blas"] = facts.blas;
    d["blas_version"] = facts.blas_version;
    d["threads"] = num_threads();
    return d;
  });
  m.def("set_num_threads", &set_num_threads, py::arg("count"));
  m.def("get_num_threads", &num_threads);
  m.def("set_parallel_threshold", &set_parallel_threshold, py::arg("seconds"));
  m.def("set_sharing", &set_sharing, py::arg("how"));
  m.def("set_gemm", &set_gemm, py::arg("choice"));
  m.def("peak_flops", &peak_flops, py::arg("double_precision"), py::arg("threads"),
        py::call_guard<Released>());
  m.def("stream_bandwidth", &stream_bandwidth, py::arg("threads"), py::call_guard<Released>());
  m.def("start_profiling", &start_profiling);
  m.def("stop_profiling", &stop_profiling);
  m.def("profile_lines", [] {
    py::list list;
    for (const ProfileLine& line : profile_lines()) {
      py::dict d;
      d["purpose"] = line.purpose;
      d["layer"] = line.layer;
      d["work"] = line.work;
      d["calls"] = line.calls;
      d["seconds"] = line.seconds;
      d["flops"] = line.flops;
      d["bytes"] = line.bytes;
      list.append(d);
    }
    return list;
  });
  m.def("activations", &activation_names);
  m.def("losses", [] {
    py::list list;
    for (const LossInfo& loss : loss_infos()) {
      py::dict d;
      d["name"] = loss.name;
      d["sparse"] = loss.sparse;
      d["differentiable"] = loss.differentiable;
      list.append(d);
    }
    return list;
  });
  m.def("optimizers", [] {
    py::list list;
    for (const OptimizerInfo& optimizer : optimizer_infos()) {
      py::dict d;
      d["name"] = optimizer.name;
      d["hyper"] = optimizer.hyper;
      list.append(d);
    }
    return list;
  });
  m.def(
      "vector_math",
      [](const std::string& name, const py::array& x, const std::string& isa) -> py::array {
        const auto run = [&](auto scalar) -> py::array {
          using T = decltype(scalar);
          const auto in = require_array<T>(x, "x");
          auto out = new_array<T>({static_cast<std::size_t>(in.size())});
          vector_math<T>(name, in.data(), out.mutable_data(), static_cast<std::size_t>(in.size()),
                         isa);
          return out;
        };
        if (py::isinstance<py::array_t<float>>(x)) return run(float{});
        return run(double{});
      },
      py::arg("name"), py::arg("x"), py::arg("isa") = "");
}

}  // namespace pronghorn::python
