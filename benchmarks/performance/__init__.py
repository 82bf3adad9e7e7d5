"""What docs/performance.md and RESULTS.md show.

``python -m benchmarks.performance steps FILE.json`` times the phases of every training workload,
``growth FILE.json`` the cost of a sample as one size grows; ``write`` turns the JSON files of these
and of ``benchmarks.peers`` and ``benchmarks.sweep`` into RESULTS.md and the roofline plot.
"""
