"""Where the parts meet: settings, wiring, command line. The only package that may import everything."""
