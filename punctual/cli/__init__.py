"""The command line `punctual`: commands, what they print and how they end. It asks the service by `punctual.Client`."""
