"""TensorBoard, written by tensorboardX."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from pronghorn._numbers import integer
from pronghorn.callbacks._callback import Callback, Logs
from pronghorn.callbacks._rates import log_rates


class TensorBoard(Callback):
    """Writes what TensorBoard shows: ``tensorboard --logdir logs``.

    The results of each epoch go to ``log_dir/train`` and ``log_dir/validation`` under the names
    that Keras gives them. It needs the package tensorboardX (``pip install
    'pronghorn[tensorboard]'``), not TensorFlow.

    Args:
        log_dir: Folder of the event files.
        histogram_freq: Write histograms of the weights every so many epochs; 0 is never.
        write_graph: Whether to write the model's layers, if the model can be written as JSON.
        write_images: Whether to write the weights as images, too, where there are histograms.
        write_steps_per_second: Whether to write the speed.
        update_freq: "epoch", "batch", or a number of batches after which results are written. The
            last two call back to Python for each batch.
        profile_batch: Must be 0: there is no profiler of TensorFlow's kind.
        embeddings_freq: Must be 0.
        embeddings_metadata: Must be None.

    Raises:
        ValueError: If an argument has a value that is not supported.
        ImportError: At the beginning of training, if tensorboardX is not installed.

    Example:
        >>> callback = TensorBoard("logs", update_freq="batch")
        >>> callback.log_dir
        'logs'
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: int | Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        for name, value in (
            ("profile_batch", profile_batch),
            ("embeddings_freq", embeddings_freq),
            ("embeddings_metadata", embeddings_metadata),
        ):
            if value:
                raise ValueError(f"TensorBoard does not support `{name}`. Received: {value!r}")
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = integer(histogram_freq, "histogram_freq", low=0)
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        if update_freq != "epoch":
            self.update_freq: int | str = (
                1 if update_freq == "batch" else integer(update_freq, "update_freq", low=1)
            )
            # Methods of this object alone: without them whole epochs run without coming back.
            for hook, method in (
                ("on_train_batch_begin", self._begin_batch),
                ("on_train_batch_end", self._write_batch),
            ):
                setattr(self, hook, method)
        else:
            self.update_freq = "epoch"
        self._writers: dict[str, Any] = {}
        self._batches = 0
        self._epoch_start = self._batch_start = 0.0
        self._iterations = 0

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            try:
                from tensorboardX import SummaryWriter
            except ImportError as error:
                raise ImportError(
                    "The TensorBoard callback needs tensorboardX: pip install "
                    "'pronghorn[tensorboard]'"
                ) from error
            self._writers[part] = SummaryWriter(str(Path(self.log_dir, part)))
        return self._writers[part]

    def _scalar(self, part: str, tag: str, value: Any, step: int) -> None:
        self._writer(part).add_scalar(tag, float(value), step)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._batches = 0
        writer = self._writer("train")
        if self.write_graph and hasattr(self.model, "to_json"):
            _write_model(writer, self.model)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def on_test_end(self, logs: Logs | None = None) -> None:
        iterations = getattr(self.model.optimizer, "iterations", None)
        if iterations is not None:
            for name, value in (logs or {}).items():
                tag = f"evaluation_{name}_vs_iterations"
                self._scalar("validation", tag, value, int(iterations))
        if "train" not in self._writers:  # an evaluation on its own
            self._close()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._iterations = int(self.model.optimizer.iterations)
        self._epoch_start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = dict(logs or {})
        if logs:
            log_rates(self.model, logs)
            if self.write_steps_per_second:
                done = int(self.model.optimizer.iterations) - self._iterations
                logs["steps_per_second"] = done / (time.perf_counter() - self._epoch_start)
        for name, value in logs.items():
            part = "validation" if name.startswith("val_") else "train"
            self._scalar(part, f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        for writer in self._writers.values():
            writer.flush()

    def _begin_batch(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        self._batch_start = time.perf_counter()

    def _write_batch(self, batch: int, logs: Logs | None = None) -> None:
        assert isinstance(self.update_freq, int)
        if self._batches % self.update_freq:
            return
        if self.write_steps_per_second:
            spent = time.perf_counter() - self._batch_start
            self._scalar("train", "batch_steps_per_second", 1 / spent, self._batches)
        for name, value in (logs or {}).items():
            self._scalar("train", f"batch_{name}", value, self._batches)

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                values = weight.numpy()
                writer.add_histogram(f"{weight.path}/histogram", values, epoch)
                image = _image(values) if self.write_images else None
                if image is not None:
                    writer.add_image(f"{weight.path}/image", image, epoch, dataformats="HW")

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _image(values: Any) -> Any:
    """A weight as a wide grey picture; None if it has more than two axes."""
    picture = np.squeeze(values)
    if picture.ndim == 1:
        return picture[None, :]
    if picture.ndim == 2:
        return picture.T if picture.shape[0] > picture.shape[1] else picture
    return None


def _write_model(writer: Any, model: Any) -> None:
    """The model as JSON, where TensorBoard's graph of Keras models looks for it."""
    from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboardX.proto.tensor_pb2 import TensorProto
    from tensorboardX.proto.types_pb2 import DT_STRING

    metadata = SummaryMetadata()
    metadata.plugin_data.plugin_name = "graph_keras_model"
    metadata.plugin_data.content = b"1"
    tensor = TensorProto(dtype=DT_STRING, string_val=[model.to_json().encode()])
    value = Summary.Value(tag="keras", metadata=metadata, tensor=tensor)
    writer.file_writer.add_summary(Summary(value=[value]), 0)
