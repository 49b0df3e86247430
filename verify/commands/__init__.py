"""The commands of the command line, one module each: its sentence, `add` its options, and `command`.

What is heavy is imported inside `command`, so that `--help` and wrong options are answered at once.
"""
