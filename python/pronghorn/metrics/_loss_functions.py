"""Makes the functions of losses known as metrics, to the engine and by name.

Classes are registered after them: a name that both have stands for the class.
"""

from pronghorn import losses
from pronghorn.metrics._function import engine_metric
from pronghorn.metrics._metric import REGISTRY

for _function in (
    losses.mean_squared_error,
    losses.mean_absolute_error,
    losses.huber,
    losses.binary_crossentropy,
    losses.categorical_crossentropy,
    losses.sparse_categorical_crossentropy,
    losses.binary_focal_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.mean_absolute_percentage_error,
    losses.mean_squared_logarithmic_error,
    losses.log_cosh,
    losses.poisson,
    losses.kl_divergence,
    losses.hinge,
    losses.squared_hinge,
    losses.categorical_hinge,
):
    engine_metric(_function, _function.__name__)
    REGISTRY.add()(_function)
