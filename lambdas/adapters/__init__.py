"""The core's ports, spoken to AWS and to the targets of jobs."""
