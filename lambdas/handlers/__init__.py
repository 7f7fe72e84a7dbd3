"""One module a function: an event comes in, the core is called once, the answer goes out."""
