"""The compiled core. One Python module alone imports it: ``pronghorn._engine``.

Arrays that go in must be C-contiguous, aligned, native byte order, of the engine's dtype (labels:
int32); ``pronghorn._engine`` and ``pronghorn._data`` see to that. The core checks again and raises
ValueError or TypeError. All long work releases the GIL and honours signals.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict

from numpy.typing import NDArray

Array = NDArray[Any]
DType = Literal["float32", "float64"]

def info() -> dict[str, Any]:
    """version, compiler, isas (compiled), supported_isas, isa, blas, blas_version, threads."""

def matmul(a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array: ...
def activate(x: Array, name: str, p0: float = 0.0, p1: float = 0.0, p2: float = 0.0) -> Array: ...
def activation_gradient(
    dy: Array, y: Array, x: Array, name: str, p0: float = 0.0, p1: float = 0.0, p2: float = 0.0
) -> Array:
    """The derivative at x times dy; y is activate(x, ...)."""

def set_num_threads(count: int) -> None: ...  # 0: the default (OMP_NUM_THREADS, cores)
def get_num_threads() -> int: ...
def set_parallel_threshold(seconds: float) -> None:
    """A step below this estimated time runs serially, or as replicas; 0 forces the team."""

def set_sharing(how: Literal["auto", "phases", "parts", "replicas"]) -> None:
    """How threads share a training step.

    Where "replicas" are not possible, it is "parts", and where these are not, "phases".
    """

def set_gemm(choice: Literal["auto", "tiles", "blas"]) -> None: ...
def activations() -> list[str]: ...
def losses() -> list[dict[str, Any]]: ...  # {"name", "sparse", "differentiable"}
def optimizers() -> list[dict[str, Any]]: ...  # {"name", "hyper": [...]}

class ProfileLine(TypedDict):
    purpose: str
    layer: str
    work: str
    calls: int
    seconds: list[float]  # of each thread that was ever timed
    flops: float
    bytes: float

def start_profiling() -> None: ...  # sessions nest
def stop_profiling() -> None: ...
def profile_lines() -> list[ProfileLine]: ...  # since the process began
def peak_flops(double_precision: bool, threads: int) -> float: ...  # operations a second
def stream_bandwidth(threads: int) -> float: ...  # bytes a second
def vector_math(name: str, x: Array, isa: str = "") -> Array: ...  # for tests

class Variable:
    """A parameter in the engine's own layout; shared between the engines that use it."""

    def __init__(
        self, shape: Sequence[int], dtype: DType = "float32", row_axes: int | None = None
    ) -> None: ...  # the matrix in panels: that many axes are its rows; None: all but the last
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> str: ...
    def get(self) -> Array: ...  # a fresh C-contiguous copy
    def set(self, value: Array) -> None: ...  # same shape and dtype

class Activation(TypedDict, total=False):
    name: str  # of _core.activations()
    p0: float  # relu: negative_slope, leaky_relu: negative_slope, elu: alpha
    p1: float  # relu: max_value (inf: none)
    p2: float  # relu: threshold

class Constraint(TypedDict, total=False):
    """What a variable must be like after each update: cpp/src/plan/constraint.hpp."""

    variable: int
    name: str  # "non_neg" or "norm", which reads the rest
    axes: list[int]
    least: float
    most: float
    rate: float
    epsilon: float

class Node(TypedDict, total=False):
    """One operation. Nodes are listed in an order in which inputs come before users."""

    op: str  # as a file of cpp/src/layers registers it: "input", "dense", "activation", ...
    name: str  # of the layer, for messages
    inputs: list[int]  # indices of nodes
    shape: tuple[int, ...]  # input, reshape: per sample
    units: int  # dense
    kernel: int  # dense: index into the engine's variables
    bias: int | None  # dense
    activation: Activation | None  # dense, activation
    trainable: bool  # dense
    frozen: list[int]  # dense: variables that do not learn even so; default none
    kernel_l1: float  # dense, regularisers; default 0
    kernel_l2: float
    bias_l1: float
    bias_l2: float
    rate: float  # dropout
    seed: int  # dropout, unsigned 64-bit
    weights: list[int | None]  # other layers' variables, in each layer's own order
    weights_l1: list[float]  # regularisers of `weights`
    weights_l2: list[float]
    strides: list[int]  # strided
    constraints: list[Constraint]
    numbers: dict[str, float]  # further numbers by name, such as "epsilon"

class Engine:
    """A graph with its parameters. Several threads may predict on one at once."""

    def __init__(
        self,
        nodes: Sequence[Node],
        outputs: Sequence[int],
        variables: Sequence[Variable],
        dtype: DType,
    ) -> None: ...
    @property
    def isa(self) -> str: ...
    @property
    def input_shapes(self) -> list[tuple[int, ...]]: ...
    @property
    def output_shapes(self) -> list[tuple[int, ...]]: ...
    def predict(self, xs: Sequence[Array]) -> list[Array]:
        """Inference mode; the engine chooses how rows are batched, which changes no result."""

    def plain_predictor(self) -> Callable[[Any], Array | None] | None:
        """The short way to predict for engines of one input and one output, otherwise None.

        It returns None, without having done anything, unless its argument is a plain array that
        the engine can read in place.
        """

    def forward(
        self, xs: Sequence[Array], training: bool, step: int = 0, input_gradients: bool = True
    ) -> Tape:
        """Forward that keeps what backward needs; `step` selects the dropout stream."""

    def regularization(self) -> float: ...  # sum of the regularisers' penalties now

class Tape:
    @property
    def outputs(self) -> list[Array]: ...
    def backward(self, dys: Sequence[Array | None]) -> tuple[Gradients, list[Array]]:
        """Gradients of the variables, and of each input; [] if the forward pass left these out.

        Regularisers are not in it. A tape can be used more than once.
        """

class Gradients:
    def get(self, variable: int) -> Array | None: ...  # None if it is not trainable

class ObjectiveSpec(TypedDict, total=False):
    name: str  # of _core.losses(), without "_logits"
    from_logits: bool
    label_smoothing: float
    delta: float
    threshold: float
    alpha: float
    beta: float
    gamma: float
    q: float
    apply_class_balancing: bool
    k: int
    ignore_class: int | None

class LossSpec(ObjectiveSpec, total=False):
    reduction: Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"]
    weight: float  # loss_weights entry

class MetricSpec(ObjectiveSpec, total=False):
    weighted: bool  # sample weights apply

class OptimizerSpec(TypedDict, total=False):
    name: str  # of _core.optimizers()
    hyper: dict[str, float]  # every name of it
    weight_decay: float  # 0: none
    undecayed: list[int]  # indices of variables that it leaves alone
    apart: list[int]  # indices of variables that the main rule leaves alone (Muon)
    use_ema: bool  # keep moving averages of the weights, as slots "average"
    ema_momentum: float
    ema_overwrite_frequency: int  # updates between takings of the averages; 0: none
    gradient_accumulation_steps: int  # gradients an update; their sum is "gradient_accumulator"
    clipnorm: float  # 0: none, each of the three
    clipvalue: float
    global_clipnorm: float

class Trainer:
    """What `compile` adds: loss, metrics, optimizer and its slots."""

    def __init__(
        self,
        engine: Engine,
        losses: Sequence[LossSpec | None],  # one an output
        metrics: Sequence[Sequence[MetricSpec]],  # one list an output
        optimizer: OptimizerSpec | None,
        tapped: Sequence[int] = (),  # outputs that runs can copy out
    ) -> None: ...
    iterations: int  # gradients seen
    def set_optimizer(self, spec: OptimizerSpec) -> None: ...  # new numbers, same name and slots
    def get_slots(self) -> list[tuple[str, int, Array]]:  # (slot name, variable index, value)
        ...
    def set_slots(self, values: Sequence[Array]) -> None: ...
    def get_state(self) -> list[float]: ...  # persistent scalars (Nadam)
    def set_state(self, state: Sequence[float]) -> None: ...
    def run(
        self,
        xs: Sequence[Array],
        ys: Sequence[Array | None],  # (n, ...) of the dtype, or int32 labels (n, ...) where sparse
        # one an output, (n,) of the dtype, or (n, ...) with one for each row of a sample
        sample_weights: Sequence[Array | None],
        batch_size: int,
        training: bool,
        shuffle_seed: int | None = None,  # None: in order
    ) -> Run: ...
    def restart(self, run: Run, shuffle_seed: int | None = None) -> bool:
        """Begins another pass of a run over its data; False if it is another trainer's run."""

    def gradients(
        self,
        xs: Sequence[Array],
        ys: Sequence[Array | None],
        sample_weights: Sequence[Array | None],
    ) -> tuple[float, list[Array | None]]:
        """Total loss and its gradient by variable, regularisers included; training mode."""

    def apply_gradients(
        self,
        gradients: Sequence[Array | tuple[Gradients, int] | None],
        learning_rate: float,
    ) -> None: ...

class Run:
    """One pass over the data; arrays are held alive and read in place."""

    @property
    def steps(self) -> int: ...  # batches in the whole pass
    @property
    def done(self) -> int: ...  # batches run so far
    def advance(
        self,
        max_steps: int = -1,  # -1: to the end
        max_seconds: float = -1.0,  # then returns at the next batch boundary; -1: no limit
        learning_rates: Array | float = 0.001,  # float64 (steps,), or one for all
    ) -> int:
        """Runs batches and gives their number. Ctrl-C is raised at a batch boundary."""

    @property
    def tap_steps(self) -> int: ...  # batches to copy out at a time; depends on shapes alone
    def tap(self, batches: int) -> list[Array | None]:
        """Fresh arrays, one a tapped output, that the coming batches' outputs are copied to.

        They are what the model gives for a batch before its update. The run then goes no further
        until it is tapped again.
        """

    def order(self, first: int, last: int) -> Array | None:
        """The samples of the data at these positions of the pass, int64; None if in order."""

    def reset_results(self) -> None: ...
    def results(self) -> Results: ...

def plain_data(x: Array, y: Array, classes: int, shares: bool) -> Callable[[Any, Any], int]:
    """A function of (x, y): their rows if they can be read in place like these, 0 otherwise.

    int32 targets must lie in 0..classes-1; others in [0, 1] with `shares`, and be finite without.
    """

class Results(TypedDict):
    loss: tuple[float, float]  # (sum of batch loss * batch rows, rows), regularisers included
    output_losses: list[tuple[float, float]]  # one an output, unweighted by loss_weights
    metrics: list[list[tuple[float, float]]]  # (weighted sum, sum of weights) in the specs' order
    finite: bool  # every batch loss so far was finite
