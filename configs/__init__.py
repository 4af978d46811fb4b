"""Settings of the experiments: base.py holds every field, the other files pick a data set."""
