"""onnxruntime on a model put together node by node."""

from __future__ import annotations

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from ..workloads import Array, PredictionProblem


def _model(problem: PredictionProblem) -> bytes:
    kind = TensorProto.FLOAT if problem.dtype == "float32" else TensorProto.DOUBLE
    nodes, initializers = [], []
    last = len(problem.weights) - 1
    name = "x"
    for layer, (kernel, bias) in enumerate(problem.weights):
        initializers += [
            numpy_helper.from_array(kernel, f"kernel_{layer}"),
            numpy_helper.from_array(bias, f"bias_{layer}"),
        ]
        inputs = [name, f"kernel_{layer}", f"bias_{layer}"]
        nodes.append(helper.make_node("Gemm", inputs, [f"z_{layer}"]))
        name = "y" if layer == last else f"y_{layer}"
        nodes.append(
            helper.make_node("Softmax" if layer == last else "Relu", [f"z_{layer}"], [name])
        )
    features, classes = problem.x.shape[1], len(problem.weights[-1][1])
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("x", kind, [None, features])],
        [helper.make_tensor_value_info("y", kind, [None, classes])],
        initializers,
    )
    # An old opset and IR version, which every onnxruntime of the last years reads.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    text: bytes = model.SerializeToString()
    return text


class Predictor:
    def __init__(self, problem: PredictionProblem, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            _model(problem), options, providers=["CPUExecutionProvider"]
        )

    def predict(self, x: Array) -> Array:
        answer: Array = self._session.run(None, {"x": x})[0]
        return answer
