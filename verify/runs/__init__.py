"""What a command does: run, replay, diff, selftest, sweep and baseline."""
