field-optional = (optional)
field-six = Six digits
field-nine = Nine digits
field-needed = This is needed.
field-misheard = A digit was misheard or mistyped: ask the caller to read all nine again.
field-range = { $least } to { $most }
