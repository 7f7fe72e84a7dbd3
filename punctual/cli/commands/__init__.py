"""One module for each command, imported when that command is given; `punctual.cli.program` lists them."""
