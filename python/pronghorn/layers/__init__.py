"""Layers: the parts of which models are made. One file a layer."""

from pronghorn.layers._activation import Activation
from pronghorn.layers._add import Add, add
from pronghorn.layers._batch_normalization import BatchNormalization
from pronghorn.layers._concatenate import Concatenate, concatenate
from pronghorn.layers._dense import Dense
from pronghorn.layers._dropout import Dropout
from pronghorn.layers._elu import ELU
from pronghorn.layers._flatten import Flatten
from pronghorn.layers._group_normalization import GroupNormalization
from pronghorn.layers._input_layer import Input, InputLayer
from pronghorn.layers._lambda import Lambda
from pronghorn.layers._layer import Layer
from pronghorn.layers._layer_normalization import LayerNormalization
from pronghorn.layers._leaky_relu import LeakyReLU
from pronghorn.layers._lookup import deserialize, serialize
from pronghorn.layers._relu import ReLU
from pronghorn.layers._reshape import Reshape
from pronghorn.layers._rms_normalization import RMSNormalization
from pronghorn.layers._softmax import Softmax
from pronghorn.layers._tables._category_encoding import CategoryEncoding
from pronghorn.layers._tables._discretization import Discretization
from pronghorn.layers._tables._integer_lookup import IntegerLookup
from pronghorn.layers._tables._normalization import Normalization
from pronghorn.layers._tables._string_lookup import StringLookup
from pronghorn.layers._unit_normalization import UnitNormalization

__all__ = [
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
    "Lambda",
    "Layer",
    "LeakyReLU",
    "ReLU",
    "Reshape",
    "Softmax",
    "add",
    "CategoryEncoding",
    "Discretization",
    "IntegerLookup",
    "Normalization",
    "StringLookup",
    "concatenate",
    "deserialize",
    "serialize",
]
