"""What `python -m engine bench` measures: one file per thing that is measured, each a function that returns figures."""
