"""What calls, imports, options and odd circumstances cost, each against its target."""
