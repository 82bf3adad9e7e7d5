"""Objects that are called during training."""

from pronghorn.callbacks._backup_and_restore import BackupAndRestore
from pronghorn.callbacks._callback import Callback
from pronghorn.callbacks._callback_list import CallbackList
from pronghorn.callbacks._csv_logger import CSVLogger
from pronghorn.callbacks._early_stopping import EarlyStopping
from pronghorn.callbacks._history import History
from pronghorn.callbacks._lambda_callback import LambdaCallback
from pronghorn.callbacks._learning_rate_scheduler import LearningRateScheduler
from pronghorn.callbacks._model_checkpoint import ModelCheckpoint
from pronghorn.callbacks._progbar_logger import ProgbarLogger
from pronghorn.callbacks._reduce_lr_on_plateau import ReduceLROnPlateau
from pronghorn.callbacks._swap_ema_weights import SwapEMAWeights
from pronghorn.callbacks._tensorboard import TensorBoard
from pronghorn.callbacks._terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
