"""One module a section of the thesis; run any as `python -m experiments.<name> --config=configs/<data>.py`."""
