"""What is said: labels, their vocabulary, and their way into and out of manifests."""
