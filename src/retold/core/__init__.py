"""Every decision of a retry, free of clocks, sleep, threads and logs."""
