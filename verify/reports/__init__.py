"""What a reader is shown: records, tallies, summaries, annotations, pages and explanations."""
