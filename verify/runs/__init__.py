"""The work of the commands: run, replay, diff, selftest, sweep and baseline."""
