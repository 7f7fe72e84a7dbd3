"""The recording in the README: real commands against the running service, as an SVG that moves."""
