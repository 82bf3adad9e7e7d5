#include "specs.hpp"

#include <functional>
#include <map>

namespace pronghorn::python {
namespace {

// Readers of one kind of dictionary, by key.
template <class Spec>
using Readers = std::map<std::string, std::function<void(Spec&, const py::handle&)>>;

template <class Spec>
void read(const py::handle& object, const Readers<Spec>& readers, const char* what, Spec& spec) {
  if (!py::isinstance<py::dict>(object)) {
    throw py::type_error(std::string(what) + " must be a dict, got " +
                         std::string(py::str(py::type::of(object).attr("__name__"))));
  }
  for (const auto& item : py::reinterpret_borrow<py::dict>(object)) {
    if (!py::isinstance<py::str>(item.first)) {
      throw py::type_error(std::string(what) + " must have strings as keys, got " +
                           std::string(py::repr(item.first)));
    }
    const auto key = py::cast<std::string>(item.first);
    const auto reader = readers.find(key);
    if (reader == readers.end()) {
      throw py::value_error(std::string(what) + " has no key '" + key + "'");
    }
    try {
      reader->second(spec, item.second);
    } catch (const py::cast_error&) {
      throw py::type_error(std::string(what) + "['" + key + "'] cannot be " +
                           std::string(py::repr(item.second)));
    }
  }
}

template <class Spec, class Member>
std::function<void(Spec&, const py::handle&)> field(Member Spec::* member) {
  return [member](Spec& spec, const py::handle& value) { spec.*member = py::cast<Member>(value); };
}

// Of a member that Spec has from a base.
template <class Spec, class Base, class Member>
std::function<void(Spec&, const py::handle&)> inherited(Member Base::* member) {
  return [member](Spec& spec, const py::handle& value) { spec.*member = py::cast<Member>(value); };
}

const Readers<ActivationSpec>& activation_readers() {
  static const Readers<ActivationSpec> readers = {{"name", field(&ActivationSpec::name)},
                                                  {"p0", field(&ActivationSpec::p0)},
                                                  {"p1", field(&ActivationSpec::p1)},
                                                  {"p2", field(&ActivationSpec::p2)}};
  return readers;
}

const Readers<ConstraintSpec>& constraint_readers() {
  static const Readers<ConstraintSpec> readers = {
      {"variable", field(&ConstraintSpec::variable)}, {"name", field(&ConstraintSpec::name)},
      {"axes", field(&ConstraintSpec::axes)},         {"least", field(&ConstraintSpec::least)},
      {"most", field(&ConstraintSpec::most)},         {"rate", field(&ConstraintSpec::rate)},
      {"epsilon", field(&ConstraintSpec::epsilon)}};
  return readers;
}

const Readers<NodeSpec>& node_readers() {
  static const Readers<NodeSpec> readers = {
      {"op", field(&NodeSpec::op)},
      {"name", field(&NodeSpec::name)},
      {"inputs", field(&NodeSpec::inputs)},
      {"shape", field(&NodeSpec::shape)},
      {"units", field(&NodeSpec::units)},
      {"kernel", field(&NodeSpec::kernel)},
      {"bias",
       [](NodeSpec& node, const py::handle& value) {
         node.bias = value.is_none() ? -1 : py::cast<std::ptrdiff_t>(value);
       }},
      {"activation",
       [](NodeSpec& node, const py::handle& value) {
         if (!value.is_none()) read(value, activation_readers(), "activation", node.activation);
       }},
      {"trainable", field(&NodeSpec::trainable)},
      {"frozen", field(&NodeSpec::frozen)},
      {"kernel_l1", field(&NodeSpec::kernel_l1)},
      {"kernel_l2", field(&NodeSpec::kernel_l2)},
      {"bias_l1", field(&NodeSpec::bias_l1)},
      {"bias_l2", field(&NodeSpec::bias_l2)},
      {"rate", field(&NodeSpec::rate)},
      {"seed", field(&NodeSpec::seed)},
      {"weights",
       [](NodeSpec& node, const py::handle& value) {
         for (const auto& index : py::cast<py::sequence>(value)) {
           node.weights.push_back(index.is_none() ? -1 : py::cast<std::ptrdiff_t>(index));
         }
       }},
      {"weights_l1", field(&NodeSpec::weights_l1)},
      {"weights_l2", field(&NodeSpec::weights_l2)},
      {"strides", field(&NodeSpec::strides)},
      {"constraints",
       [](NodeSpec& node, const py::handle& value) {
         for (const auto& object : py::cast<py::sequence>(value)) {
           node.constraints.emplace_back();
           read(object, constraint_readers(), "constraint", node.constraints.back());
         }
       }},
      {"numbers", field(&NodeSpec::numbers)}};
  return readers;
}

// What losses and metrics have in common.
template <class Spec>
Readers<Spec> objective_readers() {
  return {{"name", inherited<Spec>(&Spec::name)},
          {"from_logits", inherited<Spec>(&Spec::from_logits)},
          {"label_smoothing", inherited<Spec>(&Spec::label_smoothing)},
          {"delta", inherited<Spec>(&Spec::delta)},
          {"threshold", inherited<Spec>(&Spec::threshold)},
          {"alpha", inherited<Spec>(&Spec::alpha)},
          {"beta", inherited<Spec>(&Spec::beta)},
          {"gamma", inherited<Spec>(&Spec::gamma)},
          {"q", inherited<Spec>(&Spec::q)},
          {"apply_class_balancing", inherited<Spec>(&Spec::apply_class_balancing)},
          {"k", inherited<Spec>(&Spec::k)},
          {"ignore_class", inherited<Spec>(&Spec::ignore_class)}};
}

Reduction to_reduction(const std::string& name) {
  if (name == "sum") return Reduction::kSum;
  if (name == "sum_over_batch_size" || name == "mean") return Reduction::kSumOverBatchSize;
  if (name == "mean_with_sample_weight") return Reduction::kMeanWithSampleWeight;
  throw py::value_error("unknown reduction '" + name + "'");
}

}  // namespace

GraphSpec to_graph(const py::sequence& nodes, const std::vector<std::size_t>& outputs) {
  GraphSpec graph;
  for (const auto& object : nodes) {
    graph.nodes.emplace_back();
    read(object, node_readers(), "node", graph.nodes.back());
  }
  graph.outputs = outputs;
  return graph;
}

LossSpec to_loss(const py::handle& object) {
  static const Readers<LossSpec> readers = [] {
    Readers<LossSpec> made = objective_readers<LossSpec>();
    made["weight"] = field(&LossSpec::weight);
    made["reduction"] = [](LossSpec& loss, const py::handle& value) {
      loss.reduction = to_reduction(py::cast<std::string>(value));
    };
    return made;
  }();
  LossSpec loss;
  if (object.is_none()) return loss;
  read(object, readers, "loss", loss);
  if (loss.name.empty()) throw py::value_error("loss needs a name");
  return loss;
}

MetricSpec to_metric(const py::handle& object) {
  static const Readers<MetricSpec> readers = [] {
    Readers<MetricSpec> made = objective_readers<MetricSpec>();
    made["weighted"] = field(&MetricSpec::weighted);
    return made;
  }();
  MetricSpec metric;
  read(object, readers, "metric", metric);
  return metric;
}

OptimizerSpec to_optimizer(const py::handle& object) {
  static const Readers<OptimizerSpec> readers = {
      {"name", field(&OptimizerSpec::name)},
      {"hyper", field(&OptimizerSpec::hyper)},
      {"weight_decay", field(&OptimizerSpec::weight_decay)},
      {"undecayed", field(&OptimizerSpec::undecayed)},
      {"apart", field(&OptimizerSpec::apart)},
      {"use_ema", field(&OptimizerSpec::use_ema)},
      {"ema_momentum", field(&OptimizerSpec::ema_momentum)},
      {"ema_overwrite_frequency", field(&OptimizerSpec::ema_overwrite_frequency)},
      {"gradient_accumulation_steps", field(&OptimizerSpec::gradient_accumulation_steps)},
      {"clipnorm", field(&OptimizerSpec::clipnorm)},
      {"clipvalue", field(&OptimizerSpec::clipvalue)},
      {"global_clipnorm", field(&OptimizerSpec::global_clipnorm)}};
  OptimizerSpec optimizer;
  read(object, readers, "optimizer", optimizer);
  return optimizer;
}

}  // namespace pronghorn::python
