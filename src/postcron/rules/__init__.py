"""The rules: values and `now` in, a decision and its reason out. No clock, no file, no socket."""
