"""What the project measures about itself: speed, memory and the quality of answers.

`python -m benchmarks` measures everything side by side in one run; docs/benchmarks.md tells how to read
it. `python -m benchmarks.questions` measures the answers only.
"""
