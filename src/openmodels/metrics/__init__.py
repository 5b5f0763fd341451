"""What Prometheus scrapes: figures of the running program, on a listener of their own."""
