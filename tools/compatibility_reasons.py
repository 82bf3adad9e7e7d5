"""Why names and arguments of Keras are not there: patterns of names, the first that fits counts.

A pattern is ``section.name`` for a name and ``section.name(argument)`` for an argument, with the
wildcards of fnmatch.
"""

_IMAGES = "images and convolutions are out of scope: the package is for dense networks"
_SEQUENCES = "recurrence and attention are out of scope: the package is for dense networks"
_FOREIGN = "wraps another framework, which the package does without"
_QUANTIZED = "the engine computes in float32 and float64; nothing is quantized"
_TEXT_FILES = "loading text, audio and image files is out of scope"
_STATELESS = "for functional transformations of Keras's JAX backend"
_SOUND = "sound is out of scope"
_COMPLEX = "there are no complex numbers"
_LOADING = "loading a file never runs code from it"
_CONTROL = "operations run at once: Python's own conditions and loops do it"
_RARE = "seldom part of a dense network; arrays go to NumPy's function of that name"
_JAX = "for Keras's own machinery and its backends"

NAMES = {
    # Layers.
    "layers.*Conv*": _IMAGES,
    "layers.*Pool*": _IMAGES,
    "layers.UpSampling*": _IMAGES,
    "layers.ZeroPadding*": _IMAGES,
    "layers.Cropping*": _IMAGES,
    "layers.SpatialDropout*": _IMAGES,
    "layers.Random*": _IMAGES,
    "layers.*Attention": _SEQUENCES,
    "layers.*RNN*": _SEQUENCES,
    "layers.*LSTM*": _SEQUENCES,
    "layers.*GRU*": _SEQUENCES,
    "layers.Bidirectional": _SEQUENCES,
    "layers.TimeDistributed": _SEQUENCES,
    "layers.ReversibleEmbedding": _SEQUENCES,
    "layers.FlaxLayer": _FOREIGN,
    "layers.JaxLayer": _FOREIGN,
    "layers.TFSMLayer": _FOREIGN,
    "layers.TorchModuleWrapper": _FOREIGN,
    "layers.TextVectorization": "splitting text into words is out of scope",
    "layers.*Spectrogram": _SOUND,
    "layers.AugMix": _IMAGES,
    "layers.AutoContrast": _IMAGES,
    "layers.CenterCrop": _IMAGES,
    "layers.ContrastLimitedAdaptiveHistogramEqualization": _IMAGES,
    "layers.CutMix": _IMAGES,
    "layers.Equalization": _IMAGES,
    "layers.MaxNumBoundingBoxes": _IMAGES,
    "layers.MixUp": _IMAGES,
    "layers.Pipeline": _IMAGES,
    "layers.RandAugment": _IMAGES,
    "layers.Resizing": _IMAGES,
    "layers.Solarization": _IMAGES,
    # Losses and metrics.
    "losses.CTC": "sequences are out of scope",
    "losses.ctc": "sequences are out of scope",
    "initializers.STFT*": _SOUND,
    "initializers.stft": _SOUND,
    # Callbacks.
    "callbacks.OrbaxCheckpoint": _FOREIGN,
    "callbacks.RemoteMonitor": "training sends nothing over the network",
    # Utilities.
    "utils.array_to_img": _IMAGES,
    "utils.img_to_array": _IMAGES,
    "utils.load_img": _IMAGES,
    "utils.save_img": _IMAGES,
    "utils.bounding_boxes": _IMAGES,
    "utils.*_dataset_from_directory": _TEXT_FILES,
    "utils.timeseries_dataset_from_array": "makes a data set of TensorFlow or Grain",
    "*.legacy": "older names that Keras itself does not document",
    "utils.get_source_inputs": "older name that Keras itself does not document",
    "datasets.cifar*": _IMAGES,
    # Settings.
    "config.*flash_attention*": _SEQUENCES,
    "config.is_nnx_enabled": _FOREIGN,
    "config.enable_unsafe_deserialization": _LOADING,
    "config.enable_traceback_filtering": "tracebacks are always whole",
    "dtype_policies.DTypePolicyMap": "a model has one dtype",
    "dtype_policies.*": _QUANTIZED,
    # Other sections.
    "export.*": "writes files of other frameworks",
    # Methods of models.
    "Model.*quantiz*": _QUANTIZED,
    "Model.stateless_*": _STATELESS,
    "Model.*state_tree": _STATELESS,
    "Model.rematerialized_call": "dense networks keep their activations in memory",
    "Model.export": "writes files of other frameworks",
    "Model.make_*_function": "there is no function to trace: the engine runs the plan",
    "Model.jit_compile": "nothing is compiled at run time",
    "Model.symbolic_call": "calling a model on symbolic tensors does it",
    "Model.add_metric": "Keras itself refuses it",
    # Operations.
    **dict.fromkeys(("ops.*conv*", "ops.*pool", "ops.*fold", "ops.psnr"), _IMAGES),
    **dict.fromkeys(("ops.depth_to_space", "ops.space_to_depth"), _IMAGES),
    **dict.fromkeys(("ops.ctc_*", "ops.dot_product_attention"), _SEQUENCES),
    **dict.fromkeys(("ops.*fft*", "ops.*stft", "ops.extract_sequences"), _SOUND),
    **dict.fromkeys(("ops.bartlett", "ops.blackman", "ops.ha[mn]*ing", "ops.kaiser"), _SOUND),
    **dict.fromkeys(("ops.cond", "ops.*_loop", "ops.*scan", "ops.map", "ops.switch"), _CONTROL),
    **dict.fromkeys(("ops.vectorize*",), _CONTROL),
    "ops.custom_gradient": "`GradientTape` differentiates what is written with operations",
    "ops.jvp": "gradients are taken in reverse alone",
    "ops.sparsemax": "it is there as `activations.sparsemax`",
    "ops.in_top_k": "it is there as the metric `SparseTopKCategoricalAccuracy`",
    **dict.fromkeys(("ops.angle", "ops.conj*", "ops.imag", "ops.polar", "ops.real"), _COMPLEX),
    **dict.fromkeys(("ops.isreal", "ops.view_as_*"), _COMPLEX),
    "ops.*": _RARE,
    # The package itself.
    "keras.version": "it is there as `__version__`",
    "keras.applications": _IMAGES,
    "keras.preprocessing": _IMAGES,
    "keras.visualization": _IMAGES,
    "keras.Quantizer": _QUANTIZED,
    "keras.quantizers": _QUANTIZED,
    "keras.mixed_precision": _QUANTIZED,
    "keras.distillation": "a training step of your own does it",
    "keras.distribution": "the engine computes on the CPUs of one machine",
    "keras.device": "the engine computes on the CPUs of one machine",
    "keras.export": "writes files of other frameworks",
    "keras.legacy": "older names that Keras itself does not document",
    "keras.*": _JAX,
}

ARGUMENTS = {
    "*(lora_rank)": "no low-rank adapters",
    "*(lora_alpha)": "no low-rank adapters",
    "*(quantization_config)": _QUANTIZED,
    "*(gptq_unpacked_column_size)": _QUANTIZED,
    "*(safe_mode)": _LOADING,
    "*(autocast)": "a model has one dtype",
    "*(loss_scale_factor)": "for float16, which the engine does not have",
    "utils.Progbar(*)": "see `utils.Progbar`",
    "random.SeedGenerator(kwargs)": "names another backend",
    "datasets.imdb*": "older names of arguments",
    "keras.Layer(activity_regularizer)": "it is taken, among the further arguments",
    "keras.KerasTensor(*)": "symbolic tensors are made by `Input` and by layers",
    "keras.Variable(layout)": "the engine computes on the CPUs of one machine",
}
