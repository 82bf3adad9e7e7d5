"""One file a library. Each has a ``Trainer``, a ``Predictor``, or both.

``Trainer(problem, threads, **options)`` starts from ``problem.initial_weights`` with the data
already in the library's own arrays; ``train(epochs)`` shuffles every epoch and returns when the
work is done; ``weights()`` gives (kernel, bias) of every layer.
``Predictor(problem, threads, **options)`` has ``predict(x)``, NumPy in, NumPy out.
"""
