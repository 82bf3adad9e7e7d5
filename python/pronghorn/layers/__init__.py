"""Layers: the parts of which models are made. One file a layer."""

from pronghorn.layers._activation import Activation
from pronghorn.layers._activity_regularization import ActivityRegularization
from pronghorn.layers._add import Add, add
from pronghorn.layers._alpha_dropout import AlphaDropout
from pronghorn.layers._average import Average, average
from pronghorn.layers._batch_normalization import BatchNormalization
from pronghorn.layers._concatenate import Concatenate, concatenate
from pronghorn.layers._dense import Dense
from pronghorn.layers._dot import Dot, dot
from pronghorn.layers._dropout import Dropout
from pronghorn.layers._einsum_dense import EinsumDense
from pronghorn.layers._elu import ELU
from pronghorn.layers._embedding import Embedding
from pronghorn.layers._flatten import Flatten
from pronghorn.layers._gaussian_dropout import GaussianDropout
from pronghorn.layers._gaussian_noise import GaussianNoise
from pronghorn.layers._group_normalization import GroupNormalization
from pronghorn.layers._identity import Identity
from pronghorn.layers._input_layer import Input, InputLayer
from pronghorn.layers._input_spec import InputSpec
from pronghorn.layers._lambda import Lambda
from pronghorn.layers._layer import Layer
from pronghorn.layers._layer_normalization import LayerNormalization
from pronghorn.layers._leaky_relu import LeakyReLU
from pronghorn.layers._lookup import deserialize, serialize
from pronghorn.layers._masking import Masking
from pronghorn.layers._maximum import Maximum, maximum
from pronghorn.layers._minimum import Minimum, minimum
from pronghorn.layers._multiply import Multiply, multiply
from pronghorn.layers._permute import Permute
from pronghorn.layers._prelu import PReLU
from pronghorn.layers._relu import ReLU
from pronghorn.layers._repeat_vector import RepeatVector
from pronghorn.layers._rescaling import Rescaling
from pronghorn.layers._reshape import Reshape
from pronghorn.layers._rms_normalization import RMSNormalization
from pronghorn.layers._softmax import Softmax
from pronghorn.layers._spectral_normalization import SpectralNormalization
from pronghorn.layers._subtract import Subtract, subtract
from pronghorn.layers._tables._category_encoding import CategoryEncoding
from pronghorn.layers._tables._discretization import Discretization
from pronghorn.layers._tables._hashed_crossing import HashedCrossing
from pronghorn.layers._tables._hashing import Hashing
from pronghorn.layers._tables._integer_lookup import IntegerLookup
from pronghorn.layers._tables._normalization import Normalization
from pronghorn.layers._tables._string_lookup import StringLookup
from pronghorn.layers._unit_normalization import UnitNormalization
from pronghorn.layers._wrapper import Wrapper

__all__ = [
    "SpectralNormalization",
    "Wrapper",
    "EinsumDense",
    "subtract",
    "Subtract",
    "Rescaling",
    "RepeatVector",
    "PReLU",
    "Permute",
    "multiply",
    "Multiply",
    "minimum",
    "Minimum",
    "maximum",
    "Maximum",
    "Masking",
    "Identity",
    "GaussianNoise",
    "GaussianDropout",
    "Embedding",
    "dot",
    "Dot",
    "average",
    "Average",
    "AlphaDropout",
    "ActivityRegularization",
    "UnitNormalization",
    "RMSNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "BatchNormalization",
    "ELU",
    "Activation",
    "Add",
    "Concatenate",
    "Dense",
    "Dropout",
    "Flatten",
    "Input",
    "InputLayer",
    "InputSpec",
    "Lambda",
    "Layer",
    "LeakyReLU",
    "ReLU",
    "Reshape",
    "Softmax",
    "add",
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "Normalization",
    "StringLookup",
    "concatenate",
    "deserialize",
    "serialize",
]
