export-time = Zeit (UTC)
