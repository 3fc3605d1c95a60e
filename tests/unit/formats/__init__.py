"""Where stores lie: each format against the reference engine, third-party files and broken ones."""
