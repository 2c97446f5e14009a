"""Two scripts as they are usually written, to measure beside ours. They share no code with the product."""
