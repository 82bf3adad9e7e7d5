"""Objects that are called during training."""

from pronghorn.callbacks._callback import Callback
from pronghorn.callbacks._callback_list import CallbackList
from pronghorn.callbacks._csv_logger import CSVLogger
from pronghorn.callbacks._early_stopping import EarlyStopping
from pronghorn.callbacks._history import History
from pronghorn.callbacks._lambda_callback import LambdaCallback
from pronghorn.callbacks._learning_rate_scheduler import LearningRateScheduler
from pronghorn.callbacks._progbar_logger import ProgbarLogger
from pronghorn.callbacks._reduce_lr_on_plateau import ReduceLROnPlateau
from pronghorn.callbacks._tensorboard import TensorBoard
from pronghorn.callbacks._terminate_on_nan import TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
]
