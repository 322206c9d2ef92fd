"""Reading a request: allowed hosts and paths, size limits, strict JSON, the fields of a body and their errors."""
