"""Words kept between runs: pins, failures and the lecture's example."""
