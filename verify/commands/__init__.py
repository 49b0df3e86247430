"""The commands of the command line, one module each, imported when it is asked for.

What is heavy is imported inside `command`, so that `--help` and wrong options are answered at once.
"""
