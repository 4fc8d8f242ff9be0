export-time = Time (UTC)
